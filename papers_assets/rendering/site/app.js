// Hides and shows what is in the page already; it makes no elements and asks nobody for anything.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  const FIELDS = ["q", "keyword", "category", "mark", "from", "to"];
  const SEARCHED = "h4, .authors, .abstract, .comment";
  const FORMULAS = "math[alttext], [role=math]";
  const WIDE = "(min-width: 62rem)";
  const PAUSE = 300; // ms without a keystroke, before the address follows: browsers limit that
  const SLICE = 8; // ms of reading ahead at a time
  const CHANGES = 150; // papers hidden or shown at a time: what is in sight comes first
  const DAY = /^\d{4}-\d\d-\d\d$/;
  const LETTERS = { æ: "ae", đ: "d", ð: "d", ħ: "h", ı: "i", ł: "l", ø: "o", œ: "oe", ß: "ss", þ: "th" };

  const fold = (text) => {
    const lower = text.toLowerCase();
    if (/^[\0-\x7f]*$/.test(lower)) return lower;
    return lower
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .replace(/[æđðħıłøœßþ]/g, (letter) => LETTERS[letter])
      .toLowerCase();
  };

  const sourceOf = (formula) =>
    formula.getAttribute("alttext") ?? formula.getAttribute("aria-label") ?? "";

  const textOf = (article) => {
    const parts = [...article.querySelectorAll(SEARCHED)].map((part) => part.textContent);
    const sources = [...article.querySelectorAll(FORMULAS)].map(sourceOf);
    return fold([...parts, ...sources].join("\n").replace(/\s+/g, " "));
  };

  const start = () => {
    const form = document.querySelector("form");
    const fields = FIELDS.map((name) => form.elements.namedItem(name)).filter(Boolean);
    const search = form.elements.namedItem("q");
    const [count, clear, nothing, filters] = ["#count", "#clear", "#nothing", ".filters"].map(
      (selector) => document.querySelector(selector),
    );
    const main = document.querySelector("main");
    const papers = [];
    // Days and their papers, as they follow each other in the page.
    const items = [...document.querySelectorAll("main section")].flatMap((section) => {
      const day = { element: section, match: true };
      const of = [...section.querySelectorAll("article")].map((element) => ({
        element,
        day,
        match: true,
        date: element.dataset.date,
        mark: element.dataset.mark,
        category: element.dataset.categories.split(" "),
        keyword: element.dataset.keywords.split(" "),
        id: element.querySelector(".id").textContent.replace("arXiv:", "").toLowerCase(),
        text: null,
      }));
      papers.push(...of);
      return [day, ...of];
    });

    const read = (paper) => (paper.text ??= textOf(paper.element));

    const matches = (paper, words, wanted) =>
      (!wanted.keyword || paper.keyword.includes(wanted.keyword)) &&
      (!wanted.category || paper.category.includes(wanted.category)) &&
      (!wanted.mark || (paper.mark && wanted.mark.split(" ").includes(paper.mark))) &&
      (!wanted.from || paper.date >= wanted.from) &&
      (!wanted.to || paper.date <= wanted.to) &&
      words.every((word) => read(paper).includes(word) || isId(word, paper));

    // Of a whole id, or its beginning; the digits of ids would be found by every number.
    const isId = (word, paper) => /^(\d{4}\.\d|[a-z-]+(\.[a-z]+)?\/\d)/.test(word) && paper.id.startsWith(word);

    const values = () =>
      Object.fromEntries(fields.map((field) => [field.name, field.value.trim()]));

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
      const wanted = values();
      const words = fold(wanted.q).split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const item of items) item.match = false;
      for (const paper of papers) {
        if (!matches(paper, words, wanted)) continue;
        paper.match = paper.day.match = true;
        shown += 1;
      }
      cancelAnimationFrame(settling);
      settle(0);
      const narrowed = Object.values(wanted).some(Boolean);
      const of = narrowed ? `${shown.toLocaleString("en")} of ` : "";
      const all = `${papers.length.toLocaleString("en")} ${papers.length === 1 ? "paper" : "papers"}`;
      count.textContent = narrowed && !shown ? `None of ${all}` : `${of}${all}`;
      hide(clear, !narrowed);
      hide(nothing, !narrowed || shown > 0);
    };

    let pending = 0;
    const remember = () => {
      const set = Object.entries(values()).filter(([, value]) => value);
      const hash = new URLSearchParams(set).toString();
      try {
        history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
      } catch {
        // A browser that does not let pages from a disk do so: then the address stays.
      }
    };
    const changed = () => {
      show();
      const above = main.getBoundingClientRect().top;
      if (above < 0) scrollBy(0, above);
      clearTimeout(pending);
      pending = setTimeout(remember, PAUSE);
    };

    const recall = () => {
      const state = new URLSearchParams(location.hash.slice(1));
      for (const field of fields) {
        const value = state.get(field.name) ?? "";
        field.value = field.type === "date" && !DAY.test(value) ? "" : value;
        if (field.selectedIndex === -1) field.value = "";
      }
      if (fields.some((field) => field !== search && field.value)) filters.open = true;
      show();
    };

    const reset = () => {
      form.reset();
      changed();
      search.focus();
    };

    form.addEventListener("input", changed);
    form.addEventListener("submit", (event) => event.preventDefault());
    clear.addEventListener("click", (event) => {
      event.preventDefault();
      reset();
    });
    addEventListener("hashchange", recall);
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      const isField = event.target.matches?.("input, select, textarea");
      if (event.key === "/" && !isField) {
        event.preventDefault();
        search.focus();
        search.select();
      } else if (event.key === "Escape" && (event.target === search || !isField)) {
        if (Object.values(values()).some(Boolean)) reset();
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
    recall();

    const later = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 50));
    const ahead = (next) => {
      const end = performance.now() + SLICE;
      while (next < papers.length && performance.now() < end) read(papers[next++]);
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

  document.addEventListener("DOMContentLoaded", start);
})();
