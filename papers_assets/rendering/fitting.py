"""How many items of several groups fit into limited room, so that none hides the others. Pure."""

from collections.abc import Sequence


def in_turn(heads: Sequence[int], sizes: Sequence[Sequence[int]], room: int) -> list[int]:
    """Give how many items of each group fit, taking one of each in turn.

    Args:
        heads: what a group takes that has any item.
        sizes: what each item of each group takes.
        room: for all together. A group whose next item does not fit gets no more.
    """
    shown = [0] * len(sizes)
    open_groups = [number for number, items in enumerate(sizes) if items]
    while open_groups:
        still_open = []
        for number in open_groups:
            size = sizes[number][shown[number]] + (0 if shown[number] else heads[number])
            if size > room:
                continue
            room -= size
            shown[number] += 1
            if shown[number] < len(sizes[number]):
                still_open.append(number)
        open_groups = still_open
    return shown
