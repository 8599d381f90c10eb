
"use strict";
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const made = (tag, name, text) => Object.assign(document.createElement(tag), { className: name, textContent: text });
  const texts = JSON.parse($("#texts").textContent);
  const root = document.documentElement;

  // Dark or light: the system's choice until the reader makes one.
  const theme = $("#theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // The outcomes. An entry's first row names it and says what its outcomes have in common.
  const form = $("#filter"), sorted = $("#sorted"), parts = all("section.component");
  const severities = texts.severities;
  const rows = [];
  for (const part of parts) {
    const component = $("h3", part).textContent;
    for (const home of all("tbody", part)) {
      const head = home.rows[0].cells.length === 1 ? home.rows[0] : null;
      for (const row of home.rows) {
        if (row === head) continue;
        const severity = severities.indexOf(row.cells[0].textContent.split(", ").pop());
        const time = row.cells[3]?.textContent.replaceAll(",", "").match(/([\d.]+)\D*$/);
        rows.push({
          row, home, head, component, text: "",
          area: home.dataset.area,
          result: [...row.classList].find((name) => name !== "short") ?? "pass",
          severity: severity < 0 ? "" : String(severity),
          time: time ? Number(time[1]) : 0,
          count: row.classList.contains("short") ? Number(row.cells[0].textContent.match(/\d+$/)[0]) : 1,
        });
      }
    }
  }
  const entryOf = (head) => (head?.cells[0].firstChild?.nodeType === Node.TEXT_NODE ? head.cells[0].firstChild.textContent.trim() : "");
  const of = new Map(rows.map((one) => [one.row, one]));
  for (const { row } of rows) {
    const [check, name] = [row.cells[1], row.cells[1].firstChild];
    if (row.id && name) {
      const link = made("a", "", name.textContent.split(" ", 1)[0]);
      link.href = "#" + row.id;
      name.textContent = name.textContent.slice(link.textContent.length);
      check.prepend(link);
    }
  }

  // Filter: rows are hidden, then entries and tables that have none left. It is kept behind a ? in the URL's fragment.
  const total = rows.reduce((sum, one) => sum + one.count, 0);
  const textOf = (one) => (one.text ||= [one.row, one.head].map((row) => row?.textContent ?? "").concat(one.component).join(" ").toLowerCase());
  const choices = all("input[type=checkbox]", form);
  const fields = ["search", "component", "area", "severity", "sort"].map((name) => $("#" + name));
  for (const name of new Set(rows.map((one) => one.component))) $("#component").append(new Option(name, name));
  const chosen = (name) => $("#" + name).value;
  const show = (keeps) => {
    let shown = 0;
    const heads = new Set();
    for (const one of rows) {
      one.row.hidden = !keeps(one);
      if (!one.row.hidden) shown += one.count, heads.add(one.head);
    }
    for (const one of rows) if (one.head) one.head.hidden = !heads.has(one.head);
    for (const part of parts) part.hidden = !$("tbody > tr:not([hidden])", part);
    $("#shown").textContent = texts["filter.shown"].replace("{shown}", shown.toLocaleString("en")).replace("{all}", total.toLocaleString("en"));
  };
  const apply = () => {
    const words = chosen("search").toLowerCase().split(/\s+/).filter(Boolean);
    const [component, area, severity] = ["component", "area", "severity"].map(chosen);
    const wanted = new Set(choices.filter((one) => one.checked).map((one) => one.value));
    show((one) => wanted.has(one.result) && (!component || one.component === component) && (!area || one.area === area)
      && (!severity || one.severity === severity) && words.every((word) => textOf(one).includes(word)));
  };
  const fragment = () => {
    const text = location.hash.slice(1), at = text.indexOf("?");
    return at < 0 ? [text, null] : [text.slice(0, at), new URLSearchParams(text.slice(at + 1))];
  };
  const keep = () => {
    const asked = new URLSearchParams();
    for (const field of fields) if (field.value && field.value !== "page") asked.set(field.id, field.value);
    if (!choices.every((one) => one.checked)) asked.set("outcome", choices.filter((one) => one.checked).map((one) => one.value).join(","));
    const place = "#" + fragment()[0] + (String(asked) && "?" + asked);
    try { if (place !== (location.hash || "#")) history.replaceState(null, "", place); } catch { /* a frame that may not */ }
  };
  const restore = (asked) => {
    for (const field of fields) field.value = asked.get(field.id) ?? (field.id === "sort" ? "page" : "");
    for (const field of fields) if (field.selectedIndex === -1) field.selectedIndex = 0;
    const results = asked.has("outcome") ? asked.get("outcome").split(",") : null;
    for (const one of choices) one.checked = !results || results.includes(one.value);
    order();
    apply();
  };

  // Order: in any but the page's own, all rows stand in one table, each with its component and entry.
  const worst = ["fail", "error", "waived", "blocked", "pass", "na"];
  const rank = (one) => (one.severity === "" ? 9 : Number(one.severity));
  const byResult = (a, b) => worst.indexOf(a.result) - worst.indexOf(b.result);
  const orders = {
    worst: (a, b) => byResult(a, b) || rank(a) - rank(b),
    severity: (a, b) => rank(a) - rank(b) || byResult(a, b),
    check: (a, b) => a.row.cells[1].textContent.localeCompare(b.row.cells[1].textContent),
    slowest: (a, b) => b.time - a.time,
  };
  const order = (by = orders[chosen("sort")]) => {
    for (const label of all(".of", sorted)) label.remove();
    sorted.replaceChildren();
    sorted.hidden = !by;
    for (const part of parts) $("table", part).hidden = Boolean(by), $("h3", part).hidden = Boolean(by);
    if (!by) {
      for (const one of rows) one.home.append(one.row);
      return;
    }
    const table = made("table", "outcomes", ""), body = document.createElement("tbody");
    table.append($(".outcomes thead").cloneNode(true), body);
    for (const one of [...rows].sort(by)) {
      one.row.cells[1].append(made("span", "of entry", [one.component, entryOf(one.head)].filter(Boolean).join(" · ")));
      for (const common of one.head ? all("dl", one.head) : []) one.row.cells[2].append(Object.assign(common.cloneNode(true), { className: "of" }));
      body.append(one.row);
    }
    sorted.append(table);
  };
  if (rows.length) {
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", (event) => { if (event.target.id === "sort") order(); apply(); keep(); });
    form.addEventListener("reset", () => setTimeout(() => { order(); apply(); keep(); }));
    apply();
  }

  // A link to an outcome that the filter hides shows it again; one that brings a filter sets it.
  const arrive = () => {
    const [name, asked] = fragment();
    if (asked) restore(asked);
    const target = document.getElementById(decodeURIComponent(name));
    for (const one of all(".here")) one.classList.remove("here");
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    const rowsOf = target.tagName === "TBODY" && rows.filter((one) => one.home === target);
    if (target.closest("[hidden]") || (rowsOf && rowsOf.every((one) => one.row.hidden || one.row.parentNode !== target))) restore(new URLSearchParams());
    keep();
    const row = of.get(target);
    if (row) copies(row.row.cells[1], [texts.copy, () => markdownOf(row)]);
    if (row || target.tagName === "LI") target.classList.add("here");
    target.scrollIntoView();
    if (row || target.id.startsWith("c-")) { target.tabIndex = -1; target.focus({ preventScroll: true }); }
  };
  addEventListener("hashchange", arrive);

  // Keys: / searches, j and k go to the next cause and the one before. A box turns them off, for those who speak to the page.
  const keys = $("#keys"), causes = all(".cause");
  keys.hidden = false;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !$("input", keys).checked) return;
    if (event.target.closest?.("input:not([type=checkbox]), select, textarea")) return;
    if (event.key === "/" && !form.hidden) $("#search").focus();
    else if ((event.key === "j" || event.key === "k") && causes.length) {
      const at = causes.findIndex((one) => one.contains(document.activeElement));
      const next = at < 0 ? 0 : Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), causes.length - 1);
      causes[next].tabIndex = -1;
      causes[next].focus({ preventScroll: true });
      causes[next].scrollIntoView();
    } else return;
    event.preventDefault();
  });

  // Copy as Markdown for a ticket, and the command that shows the object.
  const plain = (node) => (node ? node.textContent.replace(/\s+/g, " ").trim() : "");
  const escaped = (text) => text.replace(/([\\`*_<>|[\]])/g, "\\$1");
  const circumstances = () => all(".scope div").slice(0, 4).map((line) => `${plain($("dt", line))}: ${plain($("dd", line))}`);
  const markdownOf = ({ row, head, component }) => {
    const [how, check, evidence, seen] = row.cells, message = $(".message", evidence);
    const entry = entryOf(head), lines = [evidence, ...(head ? [head] : [])].flatMap((one) => all("dl:not(.of) > dt", one));
    return [
      `### ${escaped(plain($("a", check)))} ${escaped(entry)} (${escaped(component)}): ${escaped(plain(how)).slice(2)}`, "",
      ...(message ? ["```", message.textContent.replaceAll("```", "'''"), "```", ""] : []),
      ...lines.map((label) => `- ${plain(label)}: ${escaped(plain(label.nextElementSibling))}`),
      ...(seen ? [`- ${escaped(plain(seen))}`] : []), "",
      ...circumstances().map(escaped).map((line) => `${line}  `), "",
    ].join("\n");
  };
  const copied = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* an old browser, or no permission */ }
    const area = made("textarea", "", "");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  function copies(place, ...offers) {
    if ($(".copy", place)) return;
    for (const [label, text] of offers) {
      const button = made("button", "copy", label);
      button.type = "button";
      button.addEventListener("click", async () => {
        button.textContent = texts[(await copied(text())) ? "copied" : "copy.failed"];
        button.focus();
        setTimeout(() => { button.textContent = label; }, 2000);
      });
      place.append(" ", button);
    }
  }
  for (const cause of causes) {
    const first = of.get(document.getElementById(cause.dataset.of)), command = $(".command code", cause);
    const shared = () => `${escaped(plain($(".entry", cause)))}: ${escaped(plain($(".small", cause)))}\n\nThe first of them:\n\n`;
    const offers = [];
    if (first) offers.push([texts.copy, () => (cause.dataset.number === "1" ? "" : shared()) + markdownOf(first)]);
    if (command) offers.push([texts["copy.command"], () => command.textContent]);
    if (offers.length) copies($(".links", cause), ...offers);
  }

  // The picture: of what is pointed at or focused the evidence in words; it and those it calls or is called by stand out.
  const picture = $(".drawing svg"), told = $("#told");
  if (picture) {
    const nodes = all(".node", picture), arrows = all(".arrow", picture);
    const ask = (target) => {
      const what = target?.closest?.(".node, .arrow"), data = what?.dataset;
      const ones = what?.classList.contains("node") ? arrows.filter((one) => one.dataset.from === data.id || one.dataset.to === data.id) : what ? [what] : [];
      const beside = new Set([data?.id, ...ones.flatMap((one) => [one.dataset.from, one.dataset.to])]);
      const names = (from, to) => ones.filter((one) => one.dataset[from] === data.id).map((one) => one.dataset[to]).join(", ");
      picture.classList.toggle("asked", Boolean(what));
      for (const one of arrows) one.classList.toggle("near", ones.includes(one));
      for (const one of nodes) one.classList.toggle("near", beside.has(one.dataset.id));
      const said = what ? [$("title", what).textContent] : [];
      if (data?.id && names("from", "to")) said.push(`${texts["picture.calls_whom"]}: ${names("from", "to")}`);
      if (data?.id && names("to", "from")) said.push(`${texts["picture.called_by"]}: ${names("to", "from")}`);
      told.textContent = said.join(". ");
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

  // Paper shows everything, in the page's own order, whatever the screen shows.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not([open])");
    for (const one of opened) one.open = true;
    if (rows.length) order(null), show(() => true);
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
    if (rows.length) order(), apply();
  });
  if (location.hash) arrive();
})();
