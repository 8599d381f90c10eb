
"use strict";
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const texts = JSON.parse($("#texts").textContent);
  const root = document.documentElement;

  // Dark or light: the system's choice until the reader makes one.
  const theme = $("#theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // Filter: rows are hidden, then tables that have none left.
  const form = $("#filter"), sorted = $("#sorted"), parts = all("section.component");
  const rows = all(".component tbody > tr").map((row) => ({
    row,
    home: row.parentNode,
    area: row.parentNode.dataset.area,
    result: row.classList[0],
    severity: row.dataset.s,
    count: Number(row.dataset.n || 1),
    text: "",
  }));
  const componentOf = (row) => $("h3", row.home.closest("section")).textContent;
  const textOf = (one) => (one.text ||= (one.row.textContent + " " + componentOf(one)).toLowerCase());
  const total = rows.reduce((sum, one) => sum + one.count, 0);
  const choices = all("input[type=checkbox]", form);
  const apply = () => {
    const words = $("#search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const area = $("#area").value, severity = $("#severity").value;
    const wanted = new Set(choices.filter((one) => one.checked).map((one) => one.value));
    let shown = 0;
    for (const one of rows) {
      const keep = wanted.has(one.result) && (!area || one.area === area)
        && (!severity || one.severity === severity) && words.every((word) => textOf(one).includes(word));
      one.row.hidden = !keep;
      if (keep) shown += one.count;
    }
    for (const part of parts) part.hidden = !$("tbody > tr:not([hidden])", part);
    $("#shown").textContent = texts["filter.shown"].replace("{shown}", shown.toLocaleString("en")).replace("{all}", total.toLocaleString("en"));
  };

  // Order: in any but the page's own, all rows stand in one table, each with its component.
  const worst = ["fail", "error", "waived", "blocked", "pass", "na"];
  const id = (one) => one.row.querySelector("th")?.textContent ?? "";
  const orders = {
    worst: (a, b) => worst.indexOf(a.result) - worst.indexOf(b.result) || (a.severity ?? 9) - (b.severity ?? 9),
    severity: (a, b) => (a.severity ?? 9) - (b.severity ?? 9) || worst.indexOf(a.result) - worst.indexOf(b.result),
    check: (a, b) => id(a).localeCompare(id(b)),
    slowest: (a, b) => (b.row.dataset.t || 0) - (a.row.dataset.t || 0),
  };
  const order = () => {
    const by = orders[$("#sort").value];
    for (const label of all(".of", sorted)) label.remove();
    sorted.replaceChildren();
    sorted.hidden = !by;
    for (const part of parts) $("table", part).hidden = Boolean(by), $("h3", part).hidden = Boolean(by);
    if (!by) {
      for (const one of rows) one.home.append(one.row);
      return;
    }
    const table = document.createElement("table"), body = document.createElement("tbody");
    table.className = "outcomes";
    table.append($(".outcomes thead").cloneNode(true), body);
    for (const one of [...rows].sort(by)) {
      const place = $("th", one.row);
      if (place) {
        const label = document.createElement("span");
        label.className = "of small";
        label.textContent = componentOf(one);
        place.append(label);
      }
      body.append(one.row);
    }
    sorted.append(table);
  };
  if (rows.length) {
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", (event) => { if (event.target.id === "sort") order(); apply(); });
    form.addEventListener("reset", () => setTimeout(() => { order(); apply(); }));
    apply();
  }

  // A link to an outcome that the filter hides shows it again.
  const arrive = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target.closest("[hidden]") || $("#sort").value !== "page") { form.reset(); order(); apply(); }
    if (target.tagName === "TR") addCopy(target, $("th", target), () => markdownOf(target));
    target.scrollIntoView();
    if (target.id.startsWith("c-") || target.tagName === "TR") { target.tabIndex = -1; target.focus({ preventScroll: true }); }
  };
  addEventListener("hashchange", arrive);

  // Copy as Markdown, for a ticket.
  const plain = (node) => (node ? node.textContent.replace(/\s+/g, " ").trim() : "");
  const escaped = (text) => text.replace(/([\\`*_<>|[\]])/g, "\\$1");
  const circumstances = () => all(".scope div").slice(0, 4).map((line) => `${plain($("dt", line))}: ${plain($("dd", line))}`);
  const markdownOf = (row) => {
    const component = $("h3", rows.find((one) => one.row === row).home.closest("section"));
    const message = $(".message", row);
    return [
      `### ${escaped(plain($("th > a", row)))} ${escaped(plain($(".entry", row)))} (${escaped(plain(component))}): ${plain($(".sign", row)).slice(2)}, ${plain($("small", row))}`, "",
      ...(message ? ["```", message.textContent.replaceAll("```", "'''"), "```", ""] : []),
      ...all("dl > div", row).map((line) => `- ${plain($("dt", line))}: ${escaped(plain($("dd", line)))}`),
      `- ${escaped(plain(row.lastElementChild))}`, "",
      ...circumstances().map(escaped).map((line) => `${line}  `), "",
    ].join("\n");
  };
  const copied = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* an old browser, or no permission */ }
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  function addCopy(owner, place, markdown) {
    if ($(".copy", owner)) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = texts.copy;
    button.addEventListener("click", async () => {
      button.textContent = texts[(await copied(markdown())) ? "copied" : "copy.failed"];
      button.focus();
      setTimeout(() => { button.textContent = texts.copy; }, 2000);
    });
    place.append(button);
  }
  for (const cause of all(".cause[data-of]")) {
    const row = document.getElementById(cause.dataset.of);
    const shared = () => `${escaped(plain($(".entry", cause)))}: ${escaped(plain($(".small", cause)))}\n\nThe first of them:\n\n`;
    if (row) addCopy(cause, $(".links", cause), () => (cause.dataset.number === "1" ? "" : shared()) + markdownOf(row));
  }

  // The picture: its evidence in words, its calls apart from the others.
  const picture = $(".drawing svg"), told = $("#told");
  if (picture) {
    const ask = (target) => {
      const what = target?.closest?.(".node, .arrow");
      const of = what?.classList.contains("node") ? what.dataset.id : null;
      picture.classList.toggle("asked", Boolean(of));
      for (const arrow of all(".arrow", picture)) arrow.classList.toggle("near", of !== null && (arrow.dataset.from === of || arrow.dataset.to === of));
      told.textContent = what ? $("title", what).textContent : "";
    };
    picture.addEventListener("pointerover", (event) => ask(event.target));
    picture.addEventListener("pointerleave", () => ask(null));
    picture.addEventListener("focusin", (event) => ask($(".node", event.target)));
    picture.addEventListener("focusout", () => ask(null));
    const zoom = $("#zoom"), width = Number(picture.getAttribute("width")), height = Number(picture.getAttribute("height"));
    zoom.hidden = false;
    zoom.addEventListener("click", (event) => {
      const by = Number(event.target.dataset?.by ?? NaN);
      if (Number.isNaN(by)) return;
      const drawing = picture.parentNode, scale = picture.getBoundingClientRect().width / width * by;
      drawing.classList.toggle("sized", by !== 0);
      picture.setAttribute("width", by ? Math.round(width * scale) : width);
      picture.setAttribute("height", by ? Math.round(height * scale) : height);
    });
  }

  // Paper shows everything, in the page's own order.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not([open])");
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
  if (location.hash) arrive();
})();
