"""What hands and eyes meet on a page: the keyboard, a narrow screen, paper, colours that say too little.

Each check returns sentences about what is wrong with the page that stands open, and changes nothing
there.
"""

from typing import Any

from playwright.sync_api import Page

#: Everything that Tab must reach, in the order of the page; of a group of radios only the one that Tab stops at.
_EXPECTED = """() => {
  const groups = new Set();
  const reached = "a[href], area[href], button, input, select, textarea, summary, [tabindex]";
  window.walk = [...document.querySelectorAll(reached)]
    .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.type !== "hidden"
        && !e.matches(":disabled"))
    .filter(e => !(e.closest("details:not([open])") && !e.matches("summary") ))
    .filter(e => e.tabIndex >= 0)
    .filter(e => {
      if (e.type !== "radio" || !e.name) return true;
      const group = [...document.querySelectorAll("input[type=radio]")].filter(o => o.name === e.name
          && o.form === e.form && !o.disabled);
      const stop = group.find(o => o.checked) ?? group[0];
      return e === stop;
    });
  document.activeElement?.blur();
  window.scrollTo(0, 0);
  return {
    names: window.walk.map(e => e.outerHTML.slice(0, 90)),
    forced: window.walk.filter(e => e.tabIndex > 0).length,
  };
}"""
#: Where the focus is now, and whether one can see that.
_HERE = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const style = getComputedStyle(e), box = e.getClientRects()[0] ?? e.getBoundingClientRect();
  const x = Math.min(Math.max(box.left + Math.min(box.width, innerWidth) / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max((Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2, 0), innerHeight - 1);
  const over = document.elementFromPoint(x, y);
  const related = !over || e.contains(over) || over.contains(e) || [...(e.labels ?? [])].some(l => l.contains(over));
  return {
    index: window.walk.indexOf(e), name: e.outerHTML.slice(0, 90),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    covered: box.width > 4 && box.height > 4 && !related ? over.outerHTML.slice(0, 90) : "",
  };
}"""
#: On paper: what can only be pressed, what stays folded, and letters too small to read.
_PAPER = """() => {
  const seen = e => e.checkVisibility({visibilityProperty: true}) && e.getBoundingClientRect().width > 1;
  const pressed = "nav, button, input[type=submit], .bar, .foot, .skip, .btn, .back, .link-btn";
  const wrong = [...document.querySelectorAll(pressed)]
    .filter(seen).map(e => "to be pressed: " + e.outerHTML.slice(0, 90));
  for (const e of document.querySelectorAll("main details:not([open])")) {
    const inner = [...e.children].find(c => !c.matches("summary, .no-print") && c.textContent.trim());
    if (inner && seen(e) && !inner.getBoundingClientRect().height && !inner.querySelector("form, input, button"))
      wrong.push("folded: " + e.outerHTML.slice(0, 90));
  }
  for (const e of document.querySelectorAll("main :is(p, td, th, dd, dt, li)"))
    if (seen(e) && e.textContent.trim() && parseFloat(getComputedStyle(e).fontSize) < 11)
      wrong.push("small: " + e.outerHTML.slice(0, 90));
  const foot = document.querySelector(".print-foot");
  if (foot && !foot.checkVisibility()) wrong.push("the line at the foot is missing");
  if (!foot && document.querySelector("#events")) wrong.push("a case without a line at the foot");
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth + 1) wrong.push("wider than the paper");
  return wrong;
}"""
#: A tag or a chip of colour without a word, or without the picture beside it.
_COLOUR = """() => [...document.querySelectorAll(".tag, .chip, .banner, .error")].filter(e => e.checkVisibility())
  .filter(e => !e.textContent.trim() || (e.matches(".tag, .chip") && !e.querySelector("svg")))
  .map(e => "colour alone: " + e.outerHTML.slice(0, 120))"""
_MOTION = """() => [...document.querySelectorAll("*")].filter(e => {
  const style = getComputedStyle(e);
  return style.transitionDuration.split(",").some(t => parseFloat(t) > 0) || style.animationName !== "none";
}).map(e => "moves: " + e.outerHTML.slice(0, 90))"""
_CUT = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const wrong = wide > 0 ? [`${wide} px wider than 320`] : [];
  for (const e of document.querySelectorAll("main *")) {
    const box = e.getBoundingClientRect();
    if (box.width && e.checkVisibility() && box.right > innerWidth + 1
        && !e.closest(".scroll, .tabs, .vh, .cell-label, thead, caption, svg"))
      wrong.push("beyond the edge: " + e.outerHTML.slice(0, 90));
  }
  return wrong.slice(0, 4);
}"""


def by_keyboard(page: Page) -> list[str]:
    """Tab from the top of the page to its end: everything in order, each seen, and out again."""
    expected = page.evaluate(_EXPECTED)
    names: list[str] = expected["names"]
    wrong = ["an order of its own by tabindex"] if expected["forced"] else []
    visited: list[int] = []
    for _press in range(2 * len(names) + 20):
        page.keyboard.press("Tab")
        here: dict[str, Any] | None = page.evaluate(_HERE)
        if here is None or (visited and here["index"] == visited[0]):
            break
        if here["index"] < 0:
            # The browser itself lets one scroll a region by keyboard.
            continue
        visited.append(here["index"])
        if not here["ring"]:
            wrong.append(f"no ring around the focus: {here['name']}")
        if not here["inside"] or here["covered"]:
            how = f"covered by {here['covered']}" if here["inside"] else "out of sight"
            wrong.append(f"the focus is {how}: {here['name']}")
    else:
        wrong.append("Tab finds no way out")
    missed = [names[index] for index in range(len(names)) if index not in visited]
    if missed:
        wrong.append(f"Tab never comes to {missed[:3]}")
    elif visited != sorted(visited):
        wrong.append("Tab goes another way than the page is read")
    return wrong


def on_a_narrow_screen(page: Page) -> list[str]:
    """At 320 px, which is 1280 px enlarged to 400 %: nothing scrolls two ways."""
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 640})
    wrong: list[str] = page.evaluate(_CUT)
    if size:
        page.set_viewport_size(size)
    return wrong


def on_paper(page: Page) -> list[str]:
    """On A4 with its margins, which is 672 px wide."""
    size = page.viewport_size
    page.set_viewport_size({"width": 672, "height": 900})
    page.emulate_media(media="print")
    wrong: list[str] = page.evaluate(_PAPER)
    page.emulate_media(media="screen")
    if size:
        page.set_viewport_size(size)
    return wrong


def to_the_eye(page: Page) -> list[str]:
    """Colour beside words, and nothing that moves for those who asked for rest."""
    page.emulate_media(reduced_motion="reduce")
    wrong: list[str] = [*page.evaluate(_COLOUR), *page.evaluate(_MOTION)[:3]]
    page.emulate_media(reduced_motion="no-preference")
    return wrong
