// Marks the words that were searched for, in papers that are in sight: in thousands it would take long.
"use strict";
const SEARCHED = "h4, .authors, .abstract, .comment";
const FORMULAS = "math[alttext], [role=math]";

const fold = (() => {
  const LETTERS = { æ: "ae", đ: "d", ð: "d", ħ: "h", ı: "i", ł: "l", ø: "o", œ: "oe", ß: "ss", þ: "th" };
  return (text) => {
    const lower = text.toLowerCase();
    if (/^[\0-\x7f]*$/.test(lower)) return lower;
    return lower
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .replace(/[æđðħıłøœßþ]/g, (letter) => LETTERS[letter])
      .toLowerCase();
  };
})();

const sourceOf = (formula) =>
  formula.getAttribute("alttext") ?? formula.getAttribute("aria-label") ?? "";

const textOf = (article, selector = SEARCHED) => {
  const parts = [...article.querySelectorAll(selector)];
  const formulas = parts.flatMap((part) => [...part.querySelectorAll(FORMULAS)]);
  const texts = [...parts.map((part) => part.textContent), ...formulas.map(sourceOf)];
  return fold(texts.join("\n").replace(/\s+/g, " "));
};

const highlight = (() => {
  const IN_SIGHT_WITHOUT_ABSTRACT = "h4, article > .authors, .comment";
  const inSight = new Set();
  const shown = new Map(); // by article, the words that are marked in it
  const PAUSE = 100; // ms without a keystroke, so that typing stays fast
  let words = [];
  let waiting = 0;

  const unmark = (article) => {
    for (const mark of article.querySelectorAll("mark")) {
      const parent = mark.parentNode;
      mark.replaceWith(...mark.childNodes);
      parent.normalize();
    }
  };

  // Where words are in a text, in order, none overlapping another.
  const places = (text, words) => {
    let folded = "";
    let start = 0;
    const starts = []; // of the character that each folded one came from
    for (const character of text) {
      const letters = fold(character);
      for (let i = 0; i < letters.length; i++) starts.push(start);
      start += character.length;
      folded += letters;
    }
    starts.push(text.length);
    const found = [];
    for (const word of words) {
      for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) {
        found.push([starts[at], starts[at + word.length]]);
      }
    }
    found.sort(([a], [b]) => a - b);
    let end = 0;
    return found.filter(([from, to]) => from >= end && to > from && (end = to));
  };

  const markIn = (node, words) => {
    for (const [from, to] of places(node.data, words).reverse()) {
      const hit = node.splitText(from);
      hit.splitText(to - from);
      const mark = document.createElement("mark");
      hit.replaceWith(mark);
      mark.append(hit);
    }
  };

  const mark = (article, words) => {
    for (const part of article.querySelectorAll(SEARCHED)) {
      const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      const nodes = [];
      while (walker.nextNode()) nodes.push(walker.currentNode);
      for (const node of nodes) {
        if (!node.parentElement.closest("math, [role=math]")) markIn(node, words);
      }
    }
  };

  // Opens the abstract if it alone has one of the words; closes one that was opened for other words.
  const unfold = (article, words) => {
    const details = article.querySelector("details");
    const rest = words.length ? textOf(article, IN_SIGHT_WITHOUT_ABSTRACT) : "";
    const isNeeded = words.some((word) => !rest.includes(word)) && details.querySelector("mark");
    if (isNeeded && !details.open) {
      details.open = true;
      details.dataset.found = "";
    } else if (!isNeeded && "found" in details.dataset) {
      details.open = false;
      delete details.dataset.found;
    }
  };

  const update = (article, words) => {
    const key = words.join("\n");
    if ((shown.get(article) ?? "") === key) return;
    unmark(article);
    if (key) {
      shown.set(article, key);
      mark(article, words);
    } else shown.delete(article);
    unfold(article, words);
  };
  const updateAll = () => {
    for (const article of shown.keys()) if (!inSight.has(article)) update(article, []);
    for (const article of inSight) update(article, words);
  };

  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) inSight.delete(target);
        else {
          inSight.add(target);
          update(target, words);
        }
      }
    },
    { rootMargin: "50% 0%" },
  );

  return {
    watch: (article) => observer.observe(article),
    show: (wanted) => {
      words = wanted;
      clearTimeout(waiting);
      waiting = setTimeout(updateAll, PAUSE);
    },
  };
})();
