"""The picture of the playground: the network and what its units see, what it says, how it learns, what goes on inside.

All in one panel whose coordinates are CSS pixels from its upper left corner. What moves is five artists (`nbcore.draw
.ink`), whose lists are replaced at each picture; frames, names and scales that stay are drawn once into the background.
"""

from __future__ import annotations

from typing import Any

from nbcore.draw.ink import Ink, Mosaic, Plates, Words
from nbcore.draw.playground.curves import draw_losses, loss_frame
from nbcore.draw.playground.inside import draw_inside, draw_shares, table_frame
from nbcore.draw.playground.layout import KEY, Pad, Plan, Shot, Side, palette, plan, wrapped
from nbcore.draw.playground.network import draw_network, hit, net_of, network_frame, resting, side_at
from nbcore.draw.playground.says import draw_plane, plane_frame

__all__ = ["HEIGHT", "LAYOUT", "Shot", "Side", "draw_playground", "hit", "side_at"]

LAYOUT = (1,)  # one panel, for a Stage or an Explorer,
HEIGHT = 560  # and its height on a wide page; the drawing itself sets the height that its page needs


def draw_playground(axes: Any, artists: dict[str, Any], shot: Shot) -> None:
    """The whole picture in one panel. Another kind of network, or another page, begins anew in the same figure."""
    (panel,) = axes
    width = round(panel.figure.get_size_inches()[0] * 100)
    where = plan(width, len(shot.sides))
    key = (width, *(_structure(side) for side in shot.sides))
    if artists.get("key") != key:
        artists.clear()
        panel.clear()
        _set_stage(panel, where, shot)
        artists["key"] = key
        artists["edges"] = panel.add_artist(Plates(0.9))
        for name, artist in (
            ("under", Ink(1)), ("tiles", Mosaic(2, palette())), ("over", Ink(3)), ("words", Words(4)),
        ):  # fmt: skip
            artists[name] = panel.add_artist(artist)
            artist.set_clip_on(False)
    pad = Pad()
    nets = [net_of(side, box) for side, box in zip(shot.sides, where.nets, strict=True)]
    turn = artists["edges"].turn
    every = resting(shot, nets) if turn else 1
    for k, side in enumerate(shot.sides):
        draw_network(pad, nets[k], side, shot.selected, turn, every)
        draw_plane(pad, where.planes[k], side, shot.show_test)
        draw_inside(pad, where, shot, k)
    draw_shares(pad, where, shot)
    draw_losses(pad, where.loss, shot)
    artists["edges"].set_data(pad.edges, pad.spans)
    for name, items in (("under", pad.under), ("tiles", pad.tiles), ("over", pad.over), ("words", pad.words)):
        artists[name].set_data(items)


def _structure(side: Side) -> tuple[Any, ...]:
    """All of a side that the background depends on."""
    p = side.problem
    return (side.name, side.settings.hidden, p.output.name, p)


def _set_stage(panel: Any, where: Plan, shot: Shot) -> None:
    """What stays: titles, names, frames, the scales of the table."""
    figure = panel.figure
    panel.set_position((0, 0, 1, 1))
    if round(figure.get_size_inches()[1] * 100) != where.height:
        figure.set_size_inches(where.width / 100, where.height / 100)
    panel.set(xlim=(0, where.width), ylim=(where.height, 0))
    panel.axis("off")
    pad = Pad()
    for k, side in enumerate(shot.sides):
        network_frame(pad, net_of(side, where.nets[k]), side)
        plane_frame(pad, where.planes[k], side)
    x, y, wide = where.key
    for k, line in enumerate(wrapped(KEY, wide, 10, "     ")):
        pad.say("key", x, y + 13 * k, line, size=10, color=pad.soft)
    loss_frame(pad, where.loss, where.loss[1] - (29 if len(shot.sides) == 1 else 45), shot)
    table_frame(pad, where, shot)
    for artist, items in (
        (Ink(0.1), pad.under), (Mosaic(0.2, palette()), pad.tiles), (Ink(0.3), pad.over), (Words(0.4), pad.words),
    ):  # fmt: skip
        artist.set_data(items)  # type: ignore[arg-type]
        panel.add_artist(artist)
        artist.set_clip_on(False)
