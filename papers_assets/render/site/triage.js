// Stars, done marks, citations and keys.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const [main, exporting, help, keys] = ["main", "#export", "#help", "#keys"].map((selector) =>
    document.querySelector(selector),
  );
  const abstracts = document.querySelector("#abstracts");
  const of = new Map(list.papers.map((paper) => [paper.element, paper]));
  const PAUSE = 2_000; // ms for which a button says what it did

  const idOf = (paper) => paper.element.id.slice("arXiv:".length);
  const button = (paper, name) => paper.element.querySelector(`button.${name}`);
  const entryOf = (paper) => button(paper, "cite").value;

  const put = (paper, name, isSet) => {
    paper[name === "star" ? "isStarred" : "isDone"] = isSet;
    paper.element.classList.toggle(`is-${name}`, isSet);
    button(paper, name).setAttribute("aria-pressed", isSet);
  };

  const count = () => {
    const number = Object.keys(memory.read("star")).length;
    exporting.textContent = `Export ${number.toLocaleString("en")} starred (BibTeX)`;
    exporting.hidden = !number;
  };

  const isArchive = !main.dataset.newest;

  // Once more when another tab has changed something.
  const load = () => {
    const [starred, done, newer] = [memory.read("star"), memory.read("done"), {}];
    for (const paper of list.papers) {
      const id = idOf(paper);
      const [isStarred, isDone] = [Object.hasOwn(starred, id), Object.hasOwn(done, id)];
      if (isStarred !== paper.isStarred) put(paper, "star", isStarred);
      if (isDone !== paper.isDone) put(paper, "done", isDone);
      if (isArchive) continue; // its versions are not the newest
      if (isStarred && starred[id] !== entryOf(paper)) newer[id] = entryOf(paper);
    }
    if (Object.keys(newer).length) memory.change("star", (entries) => Object.assign(entries, newer));
    count();
    list.show();
  };

  const toggle = (paper, name) => {
    const isSet = button(paper, name).getAttribute("aria-pressed") !== "true";
    memory.change(name, (values) => {
      // With its entry, so that a starred paper can be exported from every page, and later.
      if (isSet) values[idOf(paper)] = name === "star" ? entryOf(paper) : true;
      else delete values[idOf(paper)];
    });
    put(paper, name, isSet);
    count();
    list.show();
  };

  const said = (where, text) => {
    const before = where.textContent;
    where.textContent = text;
    setTimeout(() => (where.textContent = before), PAUSE);
  };

  // Without a secure connection there is no clipboard to write to: then an event of copying is made.
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const write = (event) => {
        event.clipboardData.setData("text/plain", text);
        event.preventDefault();
        event.stopImmediatePropagation();
      };
      document.addEventListener("copy", write, { capture: true, once: true });
      return document.execCommand("copy");
    }
  };

  main.addEventListener("click", async ({ target }) => {
    const pressed = target.closest("button");
    const paper = pressed && of.get(pressed.closest("article"));
    if (!paper) return;
    if (!pressed.matches(".cite")) toggle(paper, pressed.className);
    else if (pressed.textContent.startsWith("Copy")) {
      said(pressed, (await copy(pressed.value)) ? "Copied" : "Not copied");
    }
  });

  exporting.addEventListener("click", () => {
    const entries = Object.values(memory.read("star")).join("\n");
    const link = document.createElement("a");
    link.download = "starred.bib";
    link.href = URL.createObjectURL(new Blob([entries], { type: "application/x-bibtex" }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), PAUSE);
  });

  const unfold = () => {
    for (const { element } of list.papers) element.querySelector("details").open = abstracts.checked;
  };
  abstracts.addEventListener("change", () => {
    memory.change("preferences", (values) => (values.abstracts = abstracts.checked));
    unfold();
  });

  let current = -1; // the number of the paper that has, or had, the focus
  main.addEventListener("focusin", ({ target }) => {
    current = of.get(target.closest("article"))?.number ?? current;
  });
  const go = (by) => {
    let next = current + by;
    while (list.papers[next] && !list.papers[next].match) next += by;
    const paper = list.papers[next];
    if (!paper) return;
    paper.element.hidden = paper.day.element.hidden = false; // what matches is shown bit by bit
    paper.element.querySelector("h4 a").focus({ preventScroll: true });
    paper.element.scrollIntoView({ block: "nearest" });
  };

  const mark = (name) => {
    const paper = list.papers[current];
    if (!paper) return;
    toggle(paper, name);
    if (!paper.match) go(1); // it has gone
  };
  const COMMANDS = {
    j: () => go(1),
    k: () => go(-1),
    o: () => {
      const details = list.papers[current]?.element.querySelector("details");
      if (details) details.open = !details.open;
    },
    s: () => mark("star"),
    d: () => mark("done"),
    x: () => mark("done"),
    "?": () => keys.showModal(),
  };
  addEventListener("keydown", (event) => {
    if (!list.isKey(event) || !Object.hasOwn(COMMANDS, event.key)) return;
    event.preventDefault();
    COMMANDS[event.key]();
  });
  help.addEventListener("click", () => keys.showModal());

  addEventListener("storage", load);
  document.querySelector("#forgetful").hidden = memory.isLasting;
  abstracts.checked = memory.read("preferences").abstracts === true;
  if (abstracts.checked) unfold();
  load();
});
