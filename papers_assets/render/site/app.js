// Searches and filters: hides and shows papers that are in the page already, and fetches nothing.
"use strict";
document.documentElement.classList.add("js");

const list = (() => {
  const FIELDS = ["q", "keyword", "category", "mark", "from", "to", "starred"];
  const PREFERENCES = ["unseen", "undone"]; // stored, and not in the address
  const WIDE = "(min-width: 62rem)";
  const PAUSE = 300; // ms without a keystroke, before the address follows: browsers limit that
  const SLICE = 8; // ms of reading ahead at a time
  const CHANGES = 150; // papers hidden or shown at a time: what is in sight comes first
  const DAY = /^\d{4}-\d\d-\d\d$/;
  const papers = []; // in the order of the page

  const start = () => {
    const form = document.querySelector("form");
    const named = (names) => names.map((name) => form.elements.namedItem(name)).filter(Boolean);
    const [fields, preferences] = [named(FIELDS), named(PREFERENCES)];
    const search = form.elements.namedItem("q");
    const [count, clear, nothing, filters] = ["#count", "#clear", "#nothing", ".filters"].map(
      (selector) => document.querySelector(selector),
    );
    const main = document.querySelector("main");
    const seen = memory.visit(main.dataset.newest);
    // Days and their papers, as they follow each other in the page.
    const items = [...document.querySelectorAll("main section")].flatMap((section) => {
      const day = { element: section, match: true };
      const of = [...section.querySelectorAll("article")].map((element, number) => ({
        element,
        day,
        match: true,
        date: element.dataset.date,
        mark: element.dataset.mark,
        category: element.dataset.categories.split(" "),
        keyword: element.dataset.keywords.split(" "),
        id: element.querySelector(".id").textContent.replace("arXiv:", "").toLowerCase(),
        number: papers.length + number,
        isUnseen: element.dataset.seen > seen,
        isStarred: false,
        isDone: false,
        text: null,
      }));
      papers.push(...of);
      return [day, ...of];
    });

    const read = (paper) => (paper.text ??= textOf(paper.element));

    const matches = (paper, words, wanted) =>
      (!wanted.starred || paper.isStarred) &&
      (!wanted.unseen || paper.isUnseen) &&
      (!wanted.undone || !paper.isDone) &&
      (!wanted.keyword || paper.keyword.includes(wanted.keyword)) &&
      (!wanted.category || paper.category.includes(wanted.category)) &&
      (!wanted.mark || (paper.mark && wanted.mark.split(" ").includes(paper.mark))) &&
      (!wanted.from || paper.date >= wanted.from) &&
      (!wanted.to || paper.date <= wanted.to) &&
      words.every((word) => read(paper).includes(word) || isId(word, paper));

    // Of a whole id, or its beginning; the digits of ids would be found by every number.
    const isId = (word, paper) => /^(\d{4}\.\d|[a-z-]+(\.[a-z]+)?\/\d)/.test(word) && paper.id.startsWith(word);

    const value = (field) =>
      field.type === "checkbox" ? (field.checked ? "1" : "") : field.value.trim();
    const values = (of) => Object.fromEntries(of.map((field) => [field.name, value(field)]));

    // In quotes, words belong together.
    const wordsOf = (text) =>
      (fold(text).match(/"[^"]*"?|[^\s"]+/g) ?? [])
        .map((word) => word.replaceAll('"', "").trim())
        .filter(Boolean);

    const hide = (element, hidden) => {
      if (element.hidden === hidden) return 0;
      element.hidden = hidden;
      return 1;
    };

    let settling = 0;
    const settle = (next) => {
      for (let left = CHANGES; next < items.length && left > 0; next++) {
        left -= hide(items[next].element, !items[next].match);
      }
      if (next < items.length) settling = requestAnimationFrame(() => settle(next));
    };

    const show = () => {
      const wanted = values([...fields, ...preferences]);
      const words = wordsOf(wanted.q);
      const linked = location.hash.slice(1);
      let shown = 0;
      for (const item of items) item.match = false;
      for (const paper of papers) {
        if (!matches(paper, words, wanted) && paper.element.id !== linked) continue;
        paper.match = paper.day.match = true;
        shown += 1;
      }
      cancelAnimationFrame(settling);
      settle(0);
      highlight.show(words);
      const narrowed = Object.values(wanted).some(Boolean);
      const of = narrowed ? `${shown.toLocaleString("en")} of ` : "";
      const all = `${papers.length.toLocaleString("en")} ${papers.length === 1 ? "paper" : "papers"}`;
      count.textContent = narrowed && !shown ? `None of ${all}` : `${of}${all}`;
      hide(clear, !narrowed);
      hide(nothing, !narrowed || shown > 0);
    };

    let pending = 0;
    const remember = () => {
      const set = Object.entries(values(fields)).filter(([, value]) => value);
      const hash = new URLSearchParams(set).toString();
      try {
        history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
      } catch {
        // A browser that does not let pages from a disk do so: then the address stays.
      }
    };
    const begin = () => {
      const above = main.getBoundingClientRect().top;
      if (above < 0) scrollBy(0, above);
    };
    const changed = () => {
      show();
      begin();
      clearTimeout(pending);
      pending = setTimeout(remember, PAUSE);
    };

    const put = (field, text) => {
      if (field.type === "checkbox") field.checked = Boolean(text);
      else field.value = field.type === "date" && !DAY.test(text) ? "" : text;
      if (field.selectedIndex === -1) field.value = "";
    };
    const recall = () => {
      const state = new URLSearchParams(location.hash.slice(1));
      for (const field of fields) put(field, state.get(field.name) ?? "");
      const isFilter = (field) => field.closest(".filters") && field.value;
      if (fields.some(isFilter)) filters.open = true;
      show();
    };

    const reset = (...of) => {
      for (const field of of) put(field, "");
      store();
      changed();
      search.focus();
    };
    const store = () =>
      memory.change("preferences", (values) => {
        for (const field of preferences) values[field.name] = field.checked;
      });

    form.addEventListener("input", (event) => {
      if (preferences.includes(event.target)) store();
      if ([...fields, ...preferences].includes(event.target)) changed();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    clear.addEventListener("click", (event) => {
      event.preventDefault();
      reset(...fields, ...preferences);
    });
    addEventListener("hashchange", () => {
      recall();
      if (search.value) begin(); // an author was clicked
      document.getElementById(location.hash.slice(1))?.scrollIntoView();
    });
    addEventListener("keydown", (event) => {
      const isEscape = event.key === "Escape" && !event.isComposing;
      if (!isKey(event) && !(isEscape && event.target === search)) return;
      if (event.key === "/") {
        event.preventDefault();
        search.focus();
        search.select();
      } else if (isEscape) {
        if (Object.values(values(fields)).some(Boolean)) reset(...fields);
      }
    });
    // The address is the filters': it need not say that somebody skipped to the papers.
    document.querySelector(".skip").addEventListener("click", (event) => {
      event.preventDefault();
      main.focus();
    });

    filters.open = matchMedia(WIDE).matches;
    const keywords = document.querySelector(".all");
    if (keywords) keywords.open = filters.open;
    const preferred = memory.read("preferences");
    for (const field of preferences) put(field, preferred[field.name] === true);
    list.show = show;
    recall();

    const later = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 50));
    const ahead = (next) => {
      const end = performance.now() + SLICE;
      while (next < papers.length && performance.now() < end) {
        read(papers[next]);
        highlight.watch(papers[next++].element);
      }
      if (next < papers.length) later(() => ahead(next));
    };
    later(() => ahead(0));
  };

  // Of a formula, its source is copied: the letters one by one would be of no use.
  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    if (!selection.rangeCount || event.target.matches?.("input")) return;
    const copied = selection.getRangeAt(0).cloneContents();
    const formulas = [...copied.querySelectorAll(FORMULAS)];
    if (!formulas.length) return;
    for (const formula of formulas) formula.replaceWith(`$${sourceOf(formula)}$`);
    event.clipboardData.setData("text/plain", copied.textContent.replace(/\n{2,}/g, "\n").trim());
    event.preventDefault();
  });

  // Whether a key is a command: nobody is writing, and no dialog is open.
  const isKey = (event) =>
    !(event.ctrlKey || event.metaKey || event.altKey || event.isComposing) &&
    !event.target.matches?.("input:not([type=checkbox]), select, textarea") &&
    !document.querySelector("dialog[open]");

  document.addEventListener("DOMContentLoaded", start);
  return { papers, isKey, show: () => {} };
})();
