"""The other topics of the invented papers, and how many papers are about which."""

from papers_assets_tests.sample_papers.topics import (
    COMPILER,
    COMPILER_PERFORMANCE,
    PERFORMANCE,
    REINFORCEMENT,
    REINFORCEMENT_COMPILER,
    REINFORCEMENT_PERFORMANCE,
    Topic,
)

GRAPHS = Topic(
    titles=(
        "{Adjective} Graph Neural Networks for {Setting}",
        "{name}: A Graph-Neural-Network View of {Setting}",
        "Graph Neural Networks That Forget, with an Example from {Setting}",
    ),
    openings=(
        "Graph neural networks treat {setting} as nodes and edges, which is half the truth.",
        "A graph neural network that has seen one network of {setting} seldom copes with another.",
    ),
    methods=(
        "{name} passes messages only along edges that changed since yesterday.",
        "We bound how far a rumour travels through {name}, layer by layer.",
    ),
    categories=("cs.LG", "cs.SI cs.LG", "stat.ML cs.LG"),
    elsewhere=("q-bio.MN", "physics.soc-ph", "q-bio.BM"),
)

LANGUAGE = Topic(
    titles=(
        "Large Language Models as {Adjective} Clerks for {Setting}",
        "What Large Language Models Get Wrong about {Program}",
        "{name}: {An_Adjective} Large Language Model for {Setting}",
    ),
    openings=(
        "Large language models write fluent reports about {setting} that they know nothing about.",
        "A large language model that is asked about {program} answers before it has counted.",
    ),
    methods=(
        "{name} must quote a line of its source for every number, or stay silent.",
        "We ask each question in nine ways and count how often {name} contradicts itself.",
    ),
    categories=("cs.CL", "cs.CL cs.AI", "cs.HC cs.CL", "cs.SE cs.CL"),
    elsewhere=("physics.ed-ph", "econ.GN"),
)

DIFFUSION = Topic(
    titles=(
        "{name}: {An_Adjective} Diffusion Model for {Setting}",
        "Diffusion Models That Draw {Setting} from Memory",
    ),
    openings=(
        "A diffusion model can draw {setting} convincingly, down to the wrong number of wheels.",
        "Diffusion models need many steps, and {machine} have time for only a few.",
    ),
    methods=(
        "{name} starts from a coarse sketch instead of noise, which saves half of the steps.",
        "We let {name} stop as soon as a further step would change less than a pixel.",
    ),
    categories=("cs.CV cs.LG", "cs.LG cs.CV", "cs.GR cs.CV"),
    elsewhere=("physics.med-ph", "eess.IV"),
)

TIME_SERIES = Topic(
    titles=(
        "{Adjective} Time Series Forecasting for {Setting}",
        "Missing Values in Time Series from {Setting}",
        "{name}: One Time Series Model for {Setting} and Everything Else",
    ),
    openings=(
        "Time series from {setting} are short, gappy and full of holidays.",
        "Most models of a time series forget that somebody will switch off {setting} for repairs.",
    ),
    methods=(
        "{name} forecasts the change of the forecast instead of the value.",
        "Seasons are found from the data, and {name} reports when it finds none.",
    ),
    categories=("stat.ML cs.LG", "stat.AP", "cs.LG stat.ME", "stat.ME"),
    elsewhere=("physics.ao-ph", "q-fin.ST", "q-bio.PE", "econ.EM"),
)

ROBOTICS = Topic(
    titles=(
        "{Adjective} Robot Navigation among {Setting}",
        "{name}: A Robot That Tidies Up after {Setting}",
    ),
    openings=(
        "A robot between {setting} has to be slow where people are and quick where they are not.",
        "Robots are tested in empty halls, and then they meet {setting}.",
    ),
    methods=(
        "{name} plans with a map that it is willing to doubt.",
        "The controller of {name} fits on {machine} and has a red button in its proof.",
    ),
    categories=("cs.RO", "cs.RO cs.SY eess.SY", "cs.RO cs.CV"),
    elsewhere=("eess.SY", "physics.class-ph"),
)

QUANTUM = Topic(
    titles=(
        "Shallow Quantum Circuits for {Program}",
        "{An_Adjective} Quantum Annealer Plans {Setting}",
    ),
    openings=(
        "Quantum circuits for {program} are usually counted in gates, not in minutes.",
        "A quantum annealer can plan {setting}, provided that nobody asks for more than twelve.",
    ),
    methods=(
        "{name} cuts the circuit where the entanglement is cheapest.",
        "We simulate {name} classically, which is possible because it is small.",
    ),
    categories=("cs.ET quant-ph", "quant-ph cs.ET", "cs.DS quant-ph"),
    elsewhere=("quant-ph", "quant-ph physics.comp-ph"),
)

PLAN: tuple[tuple[Topic, int, float], ...] = (
    (REINFORCEMENT, 18, 0.08),
    (COMPILER, 17, 0.05),
    (PERFORMANCE, 17, 0.05),
    (REINFORCEMENT_COMPILER, 3, 0.0),
    (COMPILER_PERFORMANCE, 3, 0.0),
    (REINFORCEMENT_PERFORMANCE, 2, 0.0),
    (GRAPHS, 2, 0.35),
    (LANGUAGE, 2, 0.2),
    (DIFFUSION, 2, 0.35),
    (TIME_SERIES, 2, 0.35),
    (ROBOTICS, 1, 0.25),
    (QUANTUM, 1, 0.5),
)
"""The topics, how many of every 70 papers have them, and which share of these is `elsewhere`."""
