"""The words of the invented papers. Whatever they describe, nobody has built it."""

GIVEN_NAMES = (
    "Ada", "Alan", "Bea", "Bruno", "Chidi", "Clara", "Dora", "Émile", "Farid", "Grace",
    "Hana", "Ivo", "Jonas", "José", "Kalinda", "Lena", "Łucja", "Mara", "Mio", "Ngọc", "Noor",
    "Olaf", "Pia", "Quentin", "Rosa", "Søren", "Tariq", "Uma", "Vera", "Wanda", "Xenia",
    "Yusuf", "Zoë",
)  # fmt: skip
FAMILY_NAMES = (
    "Example", "Sample", "Specimen", "Placeholder", "Mockup", "Invented", "Dummy", "Template",
    "Draft", "Fiction", "Nobody", "Beispiel", "Muster", "Exemple", "Ejemplo", "Esempio",
    "Exemplo", "Voorbeeld", "Eksempel", "Příklad", "Przykład", "Örnek",
)  # fmt: skip

SETTINGS = (
    "tram timetables", "greenhouse climates", "library robots", "tidal power plants",
    "bakery ovens", "elevator banks", "weather balloons", "orchard drones", "ferry schedules",
    "museum guides", "river gauges", "mountain huts", "night-shift warehouses", "solar farms",
    "telescope queues", "beehive sensors", "lighthouse networks", "parcel lockers", "cable cars",
    "bicycle fleets", "irrigation canals", "snow ploughs", "wind tunnels", "toy railways",
    "tea houses", "harbour cranes", "town bells", "garden lamps", "kite festivals", "salt mines",
    "mail pigeons", "pedal boats", "ski lifts", "chess cafés", "drawbridges", "rain barrels",
    "puppet theatres", "night buses", "ice rinks", "map rooms",
)  # fmt: skip
PROGRAMS = (
    "stencil codes", "sparse tensor programs", "spreadsheet formulas", "shader pipelines",
    "string kernels", "query plans", "climate kernels", "regular expressions", "audio filters",
    "dataflow graphs", "matrix chains", "game engines", "packet filters", "notebook scripts",
    "smart-meter firmware", "ray tracers", "vectorized loops", "build scripts", "parsers",
    "event loops", "text editors", "crossword solvers", "map renderers", "chess clocks",
    "tax forms", "music boxes", "font engines", "unit tests", "spell checkers", "backup jobs",
    "calendar syncs", "log rotations",
)  # fmt: skip
MACHINES = (
    "tiny microcontrollers", "many-core tiles", "old laptops", "wide vector units",
    "reconfigurable arrays", "battery-powered boards", "shared clusters", "soft processors",
    "near-memory accelerators", "browser sandboxes", "wristwatches", "vending machines",
)  # fmt: skip
NAMES = (
    "Heron", "Lantern", "Moss", "Kestrel", "Juniper", "Marble", "Pebble", "Thimble", "Otter",
    "Saffron", "Bramble", "Plover", "Quill", "Sextant", "Tinder", "Willow", "Acorn", "Basalt",
    "Cobble", "Driftwood", "Ember", "Fennel", "Gannet", "Hazel", "Inkwell", "Jetty", "Kelp",
    "Larch", "Magpie", "Nettle", "Opal", "Pumice", "Rowan", "Spindle", "Teasel", "Umber",
    "Velvet", "Wren", "Yarrow", "Zephyr",
)  # fmt: skip
ADJECTIVES = (
    "patient", "frugal", "careful", "modular", "incremental", "calm", "robust", "lazy",
    "explainable", "adaptive", "verified", "cautious", "thrifty", "curious", "steady",
    "parallel", "hierarchical", "offline", "compact", "predictable",
)  # fmt: skip
VIRTUES = (
    "accuracy", "fairness", "energy use", "memory", "tail latency", "readability", "safety",
    "build time", "maintenance effort", "privacy",
)  # fmt: skip

RESULTS = (
    (
        "On {count} made-up tasks, {name} needs {percent} % fewer samples than the best baseline "
        "that we could invent."
    ),
    "In {count} imagined trials, {virtue} improves by {percent} % and nothing else gets worse.",
    "Across {count} fictional sites the error falls by {percent} %, most of it in the first week.",
    "It handles {count} of the {more} cases in our suite; the others are listed, with apologies.",
    (
        "Against three baselines, {name} is {percent} % better on {virtue} and a little worse on "
        "everything else."
    ),
    "The gain is {percent} % on average, which is less than we hoped and more than we deserve.",
    "A panel of {count} pretend users preferred {name} two times out of three.",
    "With {count} repetitions per setting, the difference of {percent} % is unlikely to be noise.",
)
REMARKS = (
    "We also report two experiments that did not work.",
    "An ablation shows that the simplest part does most of the work.",
    "The whole system fits into {count} lines and one notebook.",
    "A closer look shows that {setting} are the hard case and {others} the easy one.",
    "All of it runs on {machine}.",
    "The largest remaining cost is {virtue}.",
    "Where the method fails, it says so.",
    "We discuss what would have to be true for this to matter for {setting}.",
    "A short proof covers the case of a single user.",
    "The effect disappears when the inputs are shuffled, as it should.",
)
NOTES = (
    "{count} pages, {few} figures", "{count} pages", "{few} tables and a map", "with an appendix",
    "to appear nowhere", "presented at no workshop", "code would be at https://example.org/{lower}",
    "{count} pages, {few} figures, supplementary material imagined as well",
)  # fmt: skip
SHORT_NOTES = ("Invented sample", "Invented, {count} pages", "Invented, {few} figs.")
