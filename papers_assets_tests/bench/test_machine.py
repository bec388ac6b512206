"""What is said of the machine."""

import platform

from bench.machine import Machine, memory, processor, this_machine

CPUINFO = "processor\t: 0\nmodel\t\t: 2\nmodel name\t: Invented  Chip 9000 \nmodel name\t: Other\n"
MACHINE = Machine("Invented Chip", 2, 23.4, "Linux 6.1", "3.11.7", {"dagster": "1.13.27"})


def test_processor_is_named_as_the_kernel_names_it() -> None:
    assert processor(CPUINFO, "x86_64") == "Invented Chip 9000"
    assert processor("processor : 0\nmodel : 2\n", "aarch64") == "aarch64"
    assert processor("", "") == "processor unknown"


def test_memory_is_in_gib() -> None:
    assert memory("MemTotal:       25165824 kB\nMemFree: 1 kB\n") == 24
    assert memory("") == 0


def test_machine_is_one_line() -> None:
    assert str(MACHINE) == (
        "Invented Chip, 2 cores, 23 GiB; Linux 6.1; Python 3.11.7; dagster 1.13.27"
    )


def test_this_machine_is_described_without_its_name() -> None:
    said = str(this_machine())
    assert "dagster" in said
    assert not platform.node() or platform.node() not in said
