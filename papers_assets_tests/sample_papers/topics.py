"""What the invented papers are about, as templates to be filled with words.

The slots are the words of `words.py`, one by one. A slot in capitals, such as `{Setting}`, is for
titles; `{an_adjective}` has its article with it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """What a group of papers is about. Every text is a template for `str.format`."""

    titles: tuple[str, ...]
    openings: tuple[str, ...]
    """Each names the topic, for a keyword that has to be in title and abstract."""
    methods: tuple[str, ...]
    categories: tuple[str, ...]
    """Lists of categories, the primary one first, separated by spaces."""
    elsewhere: tuple[str, ...] = ()
    """The same without any of computer science or statistics."""


REINFORCEMENT = Topic(
    titles=(
        "{Adjective} Reinforcement Learning for {Setting}",
        "{name}: Reinforcement Learning for {Setting} That Change Their Mind",
        "Reinforcement Learning When Rewards Arrive Late: Lessons from {Setting}",
        "Offline Reinforcement Learning from the Logbooks of {Setting}",
        "{Adjective} Policies for {Setting}",
        "{name}: Learning to Wait in {Setting}",
        "Reward Design for {Setting}, or How Not to Train {Machine}",
        "Safe Exploration in {Setting} with {Adjective} Critics",
    ),
    openings=(
        (
            "Reinforcement learning promises to run {setting} without a rule book, but it explores "
            "where a person would not dare to."
        ),
        (
            "Most reinforcement learning assumes that rewards are prompt; in {setting} they come "
            "hours late and out of order."
        ),
        (
            "We ask whether {adjective} reinforcement learning can be trusted with {setting} when "
            "nobody watches at night."
        ),
        (
            "Applying reinforcement learning to {setting} usually fails for a dull reason: the "
            "simulator is too kind."
        ),
        (
            "In multi-agent reinforcement learning, {setting} are a small world in which every "
            "agent gets in another one's way."
        ),
    ),
    methods=(
        "{name} keeps two critics, one hopeful and one {adjective}, and acts only when both agree.",
        "The policy of {name} is a short decision list, so that an operator can read it aloud.",
        (
            "We replay a year of logged decisions and let {name} ask for a label when its value "
            "estimates disagree."
        ),
        (
            "{name} learns a world model first and spends its real trials on the states that "
            "surprise it most."
        ),
        "A curriculum starts with empty {setting} and adds one disturbance a week.",
    ),
    categories=(
        "cs.LG cs.AI", "cs.LG stat.ML", "cs.AI", "cs.LG cs.RO", "cs.MA cs.AI cs.LG",
        "stat.ML cs.LG", "cs.LG", "cs.RO cs.LG", "eess.SY cs.LG cs.SY", "cs.NE cs.AI",
    ),
    elsewhere=("physics.flu-dyn", "q-bio.NC", "eess.SP", "physics.soc-ph econ.TH", "math.OC"),
)  # fmt: skip

COMPILER = Topic(
    titles=(
        "{name}: {An_Adjective} Compiler for {Program}",
        "A Compiler for {Program} on {Machine}",
        "Teaching a Compiler to Explain What It Did to {Program}",
        "{Adjective} Compiler Passes for {Program}",
        "When the Compiler Gives Up: Missed Optimizations in {Program}",
        "Compiler Testing with {Adjective} Mutants of {Program}",
        "The {name} Compiler: {Program} at Breakfast Speed",
        "{name}: Compiler Diagnostics for Tired People",
    ),
    openings=(
        "A compiler for {program} has to choose between being fast and being understood.",
        "Every compiler carries assumptions about {machine} that were true when it was written.",
        (
            "Writing a compiler backend for {machine} takes months, most of which go into corner "
            "cases of {program}."
        ),
        "We study what a production compiler does to {program}, and how often its users know.",
        "When a compiler rejects {program}, the message seldom says what to change.",
    ),
    methods=(
        (
            "{name} turns {program} into a graph of small promises and checks each promise after "
            "every pass."
        ),
        (
            "The intermediate representation of {name} has only nine instructions, all of which "
            "can be undone."
        ),
        "We fuse passes that share an analysis and prove once that their order does not matter.",
        "A cost model of forty lines predicts which loops of {program} are worth the trouble.",
        "{name} keeps the source line of every instruction, even after vectorization.",
    ),
    categories=(
        "cs.PL", "cs.PL cs.SE", "cs.PL cs.AR", "cs.SE cs.PL", "cs.DC cs.PL", "cs.AR", "cs.PL cs.LO",
        "cs.MS cs.PL", "cs.LO",
    ),
    elsewhere=("physics.comp-ph", "quant-ph", "math.NA", "astro-ph.IM"),
)  # fmt: skip

PERFORMANCE = Topic(
    titles=(
        "The Performance of {Program} on {Machine}",
        "Where Does the Performance Go? A Week with {Program}",
        "{name}: {Adjective} Performance Models for {Program}",
        "Performance Portability of {Program} Across {Machine}",
        "Predicting the Performance of {Setting} from Three Numbers",
        "Performance Regressions in {Program}: {An_Adjective} Detector",
        "{An_Adjective} Look at the Performance of {Program}",
        "Measuring Performance Without Disturbing {Setting}",
    ),
    openings=(
        "The performance of {program} on {machine} is often guessed and seldom measured twice.",
        (
            "Small changes move the performance of {program} by a factor of two, for reasons that "
            "the profile does not show."
        ),
        (
            "Reported performance depends on the room temperature, the page cache and the person "
            "who reports it."
        ),
        (
            "We measure the performance of {setting} for a month and publish every reading, good "
            "or bad."
        ),
        "Tuning for performance costs {virtue}, and few studies say how much.",
    ),
    methods=(
        "{name} samples one event in a thousand and still finds the slow path within a minute.",
        "Our model has three parameters: how wide, how deep and how lucky the run was.",
        "Each benchmark is repeated until its confidence interval is narrower than the claim.",
        "We compare {machine} with what a pencil-and-paper roofline allows.",
        "{name} replays the same trace with one resource at a time made free of charge.",
    ),
    categories=(
        "cs.PF", "cs.DC cs.PF", "cs.PF cs.SE", "cs.DB cs.PF", "cs.AR cs.PF", "cs.OS cs.PF",
        "cs.NI", "stat.CO cs.PF", "stat.AP", "cs.SE",
    ),
    elsewhere=("physics.app-ph", "physics.ins-det", "q-bio.QM", "eess.SY", "q-fin.CP"),
)  # fmt: skip

REINFORCEMENT_COMPILER = Topic(
    titles=(
        "Reinforcement Learning for Compiler Pass Ordering in {Program}",
        "{name}: Teaching a Compiler with Reinforcement Learning",
        "Can Reinforcement Learning Tune a Compiler for {Machine}?",
        "{Adjective} Reinforcement Learning inside the Compiler",
    ),
    openings=(
        "The order of a compiler's passes is a game, and reinforcement learning is good at games.",
        "Reinforcement learning can tune a compiler for {program}, if compile time is no object.",
    ),
    methods=(*REINFORCEMENT.methods[:3], *COMPILER.methods[:3]),
    categories=("cs.PL cs.LG", "cs.LG cs.PL", "cs.LG cs.AR", "cs.AI cs.PL"),
)

COMPILER_PERFORMANCE = Topic(
    titles=(
        "Compiler Flags and the Performance of {Program}",
        "{name}: Compiler-Guided Performance Tuning of {Program}",
        "How Much Performance Does a Compiler Leave on {Machine}?",
        "A Compiler That Reports Its Own Performance on {Program}",
    ),
    openings=(
        "Compiler flags are chosen by habit, and the performance of {program} shows it.",
        "A compiler knows much about the performance of {program} that it never tells.",
    ),
    methods=(*COMPILER.methods[:3], *PERFORMANCE.methods[:3]),
    categories=("cs.PF cs.PL", "cs.PL cs.PF", "cs.DC cs.PF cs.PL", "cs.AR cs.PF"),
)

REINFORCEMENT_PERFORMANCE = Topic(
    titles=(
        "Reinforcement Learning for Performance Tuning of {Program}",
        "{name}: Performance Budgets for {Setting} through Reinforcement Learning",
        "Performance of Reinforcement Learning on {Machine}",
    ),
    openings=(
        (
            "Tuning the performance of {program} by hand is slow, and reinforcement learning is "
            "slow in other places."
        ),
        "The performance of reinforcement learning is reported in rewards, hardly ever in watts.",
    ),
    methods=(*REINFORCEMENT.methods[:3], *PERFORMANCE.methods[:3]),
    categories=("cs.LG cs.PF", "cs.PF cs.LG", "cs.DC cs.LG", "stat.ML cs.PF"),
)
