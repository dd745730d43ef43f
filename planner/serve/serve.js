"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement;
  const base = document.body.dataset.root;
  const form = $("form");
  const inputs = [...form.querySelectorAll("[data-field]")];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const MILLION = 1e6;
  const CURVE_POINTS = 9;

  // What is asked: only what differs from the scenario as it is.

  const valueOf = (input) => (input.type === "checkbox" ? (input.checked ? "on" : "off") : input.value.trim());
  const same = (input, text) =>
    text === input.dataset.now || (text !== "" && input.dataset.now !== "" && Number(text) === Number(input.dataset.now));

  function query(without) {
    const asked = new URLSearchParams();
    for (const input of inputs) {
      if (input !== without && !same(input, valueOf(input))) asked.set(input.dataset.field, valueOf(input));
    }
    return asked;
  }

  function put(input, text) {
    if (input.type === "checkbox") input.checked = text === "on";
    else input.value = text;
    const slider = form.querySelector(`[data-for="${input.id}"]`);
    if (slider && text !== "") slider.value = text;
  }

  function marked() {
    for (const input of inputs) input.closest(".field").classList.toggle("changed", !same(input, valueOf(input)));
    for (const group of form.querySelectorAll(".group")) {
      group.querySelector(".count").textContent = group.querySelectorAll(".changed").length || "";
    }
    for (const button of form.querySelectorAll("[data-sets]")) {
      const sets = Object.entries(JSON.parse(button.dataset.sets));
      const held = sets.every(([name, text]) => valueOf(inputs.find((input) => input.dataset.field === name)) === text);
      button.setAttribute("aria-pressed", String(held));
    }
  }

  // Plots, in the colours of light or dark.

  let figures = {};
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);

  function themed(layout) {
    const style = getComputedStyle(root);
    const of = (name) => style.getPropertyValue(name).trim();
    const font = { ...layout.font, color: of("--ink"), size: 12 };
    const worn = { ...layout, font, hoverlabel: { bgcolor: of("--shade"), bordercolor: of("--ink"), font: { color: of("--ink") } } };
    for (const axis of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))) {
      const line = of("--line");
      worn[axis] = { ...layout[axis], gridcolor: line, zerolinecolor: line, linecolor: line, dividercolor: line };
    }
    return worn;
  }

  function draw(name) {
    const place = $("plot-" + name);
    // What nobody sees has no width: it is drawn when it is shown.
    if (!place || place.offsetParent === null || !window.Plotly) return;
    const { data, layout } = figures[name];
    place.style.height = layout.height + "px";
    Plotly.react(place, data, themed(structuredClone(layout)), { responsive: true, displayModeBar: false });
  }

  const drawAll = () => Object.keys(figures).forEach(draw);

  function settle() {
    $("theme").textContent = isDark() ? "Light" : "Dark";
    $("theme").setAttribute("aria-pressed", String(isDark()));
    drawAll();
  }

  // The answer, as it comes.

  let stream = null;
  let opened = {};

  function listen(again) {
    if (stream) stream.close();
    root.dataset.state = "asked";
    const asked = query();
    history.replaceState(null, "", asked.size ? "?" + asked : location.pathname);
    proven(false);
    $("answer").classList.add("stale");
    $("first").hidden = true;
    $("again").hidden = true;
    $("cancel").hidden = false;
    $("progress").textContent = "";
    if (again) asked.set("~again", "1");
    stream = new EventSource(`${base}/events?${asked}`);
    stream.onmessage = (event) => heard(JSON.parse(event.data));
    stream.onerror = () => ended("The server has gone. Start plan serve again, and put what stands behind the ? of this address behind the new one.", false);
  }

  function ended(words, again) {
    stream.close();
    $("cancel").hidden = true;
    $("again").hidden = !again;
    $("progress").textContent = words;
    root.dataset.state = "ended";
  }

  function heard(message) {
    if (message.kind !== "refused") faults({});
    root.dataset.state = message.kind;
    if (message.kind === "bound") {
      show(message.html, {});
      $("headline").textContent = message.headline || "The plan is being proven";
      $("command").textContent = message.command;
      point(message.bound_usd);
    } else if (message.kind === "first") {
      $("first").textContent = message.words;
      $("first").hidden = false;
    } else if (message.kind === "progress") {
      $("progress").textContent = message.words;
    } else if (message.kind === "answer") {
      $("first").hidden = true;
      show(message.html, message.figures);
      $("headline").textContent = message.headline;
      proven(true, message.planned);
      ended("", false);
      root.dataset.state = "answer";
    } else if (message.kind === "refused") {
      faults(message.fields);
      ended("Nothing is worked on until that is another value.", false);
      root.dataset.state = "refused";
    } else {
      ended(message.words, message.again);
    }
  }

  // What was open stays open.
  function show(html, drawn) {
    for (const part of $("answer").querySelectorAll("details[id]")) opened[part.id] = part.open;
    for (const name of Object.keys(figures)) if (name !== "frontier" && $("plot-" + name)) Plotly.purge($("plot-" + name));
    $("answer").innerHTML = html;
    $("answer").classList.remove("stale");
    figures = { ...(figures.frontier ? { frontier: figures.frontier } : {}), ...drawn };
    for (const part of $("answer").querySelectorAll("details")) {
      if (opened[part.id]) part.open = true;
      part.addEventListener("toggle", () => part.open && drawAll());
    }
    for (const button of $("answer").querySelectorAll("[data-view]")) button.addEventListener("click", () => view(button));
    for (const box of $("answer").querySelectorAll("[data-filter]")) box.addEventListener("change", filter);
    drawAll();
  }

  function view(button) {
    for (const other of button.parentElement.querySelectorAll("[data-view]")) {
      other.setAttribute("aria-pressed", String(other === button));
      $("view-" + other.dataset.view).hidden = other !== button;
    }
    drawAll();
  }

  function proven(found, planned) {
    for (const button of document.querySelectorAll("[data-proven]")) button.disabled = !found || (button.id === "report" && !planned);
  }

  function faults(fields) {
    $("fault").textContent = fields[""] || "";
    for (const input of inputs) {
      const words = fields[input.dataset.field] || "";
      const place = $(input.id + "-fault");
      if (place) place.textContent = words;
      else if (words) $("fault").textContent += words;
      if (words) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }

  // Cost against speed of some systems and precisions.

  async function filter() {
    const asked = query();
    for (const box of $("answer").querySelectorAll("[data-filter]:checked")) asked.append("~" + box.dataset.filter, box.value);
    const reply = await fetch(`${base}/curves?${asked}`);
    if (!reply.ok) return;
    const found = await reply.json();
    for (const name of Object.keys(figures).filter((key) => key.startsWith("speed-"))) {
      figures[name] = found[name] || { data: [], layout: { ...figures[name].layout, shapes: [] } };
    }
    drawAll();
  }

  // The frontier along one field: bounds, as its slider goes.

  const along = $("along");
  const known = new Map();
  const sliding = inputs.filter((input) => form.querySelector(`[data-for="${input.id}"]`));
  for (const input of sliding) along.append(new Option(input.closest(".group").querySelector("summary").firstChild.data.trim() + ": " + input.dataset.label, input.id));

  const chosen = () => $(along.value);
  const seriesOf = (input) => input.id + "|" + query(input);

  function keep(input, text, usd) {
    const key = seriesOf(input);
    if (!known.has(key)) known.set(key, new Map());
    known.get(key).set(Number(text), usd);
  }

  function point(usd) {
    const input = chosen();
    if (!input || usd === undefined || valueOf(input) === "") return;
    keep(input, valueOf(input), usd);
    trace();
  }

  function trace() {
    const input = chosen();
    if (!input) return;
    const points = [...(known.get(seriesOf(input)) || new Map())].sort((a, b) => a[0] - b[0]);
    const there = points.filter(([, usd]) => usd !== null);
    const unit = input.dataset.unit ? ", " + input.dataset.unit : "";
    const now = there.filter(([value]) => value === Number(valueOf(input)));
    const line = { x: there.map((p) => p[0]), y: there.map((p) => p[1] / MILLION), mode: "lines+markers", type: "scatter", name: "bound",
      line: { color: "#0072B2" }, marker: { size: 7 }, showlegend: false, hovertemplate: "%{x}: at least $%{y:,.1f} M<extra></extra>" };
    const mark = { x: now.map((p) => p[0]), y: now.map((p) => p[1] / MILLION), mode: "markers", type: "scatter", showlegend: false,
      marker: { symbol: "circle-open", size: 16, color: "#D55E00", line: { width: 3 } }, hoverinfo: "skip" };
    figures.frontier = { data: [line, mark], layout: { height: 320, margin: { l: 70, r: 20, t: 20, b: 50 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif" }, xaxis: { title: { text: input.dataset.label + unit } }, yaxis: { title: { text: "at least, $ M" } } } };
    $("along-head").textContent = input.dataset.label + unit;
    $("points").replaceChildren(...points.map(([value, usd]) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = value.toLocaleString("en");
      const cell = document.createElement("td");
      cell.className = "n";
      cell.textContent = usd === null ? "no plan" : (usd / MILLION).toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
      row.append(head, cell);
      return row;
    }));
    draw("frontier");
  }

  async function boundAt(input, text) {
    const asked = query(input);
    if (!same(input, text)) asked.set(input.dataset.field, text);
    const reply = await fetch(`${base}/bound?${asked}`);
    return reply.ok ? reply.json() : null;
  }

  // One bound at a time; what was passed meanwhile is left out.
  let asking = false;
  let latest = null;

  async function dragged(input) {
    latest = input;
    if (asking) return;
    asking = true;
    while (latest) {
      const [moved, text] = [latest, valueOf(latest)];
      latest = null;
      const found = text === "" ? null : await boundAt(moved, text);
      if (found && "bound_usd" in found) {
        $("headline").textContent = found.headline;
        keep(moved, text, found.bound_usd);
        if (moved === chosen()) trace();
      }
    }
    asking = false;
  }

  $("curve").addEventListener("click", async () => {
    const input = chosen();
    const slider = form.querySelector(`[data-for="${input.id}"]`);
    const [low, high, step] = [slider.min, slider.max, slider.step].map(Number);
    $("curve").disabled = true;
    for (let index = 0; index < CURVE_POINTS && input === chosen(); index += 1) {
      const value = low + (Math.round(((high - low) * index) / (CURVE_POINTS - 1) / step) * step);
      const text = String(Number(value.toPrecision(12)));
      const found = await boundAt(input, text);
      if (found && "bound_usd" in found) keep(input, text, found.bound_usd);
      trace();
    }
    $("curve").disabled = false;
  });
  along.addEventListener("change", trace);
  $("frontier").addEventListener("toggle", () => $("frontier").open && trace());

  // Moves.

  form.addEventListener("input", (event) => {
    const slider = event.target.dataset.for ? event.target : null;
    const input = slider ? $(slider.dataset.for) : event.target;
    if (slider) input.value = String(Number(Number(slider.value).toPrecision(12)));
    else if (input.type === "number") put(input, valueOf(input));
    marked();
    if (sliding.includes(input)) {
      along.value = input.id;
      if (slider) dragged(input);
    }
  });
  form.addEventListener("change", () => listen(false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    listen(false);
  });
  for (const button of form.querySelectorAll("[data-sets]")) {
    button.addEventListener("click", () => {
      for (const [name, text] of Object.entries(JSON.parse(button.dataset.sets))) put(inputs.find((input) => input.dataset.field === name), text);
      marked();
      listen(false);
    });
  }
  $("reset").addEventListener("click", () => {
    for (const input of inputs) put(input, input.dataset.now);
    marked();
    listen(false);
  });
  $("cancel").addEventListener("click", () => fetch(`${base}/cancel`, { method: "POST" }));
  $("again").addEventListener("click", () => listen(true));

  // Keeping it.

  function said(words, commands) {
    const lines = [document.createElement("p")];
    lines[0].textContent = words;
    if (commands) {
      const code = document.createElement("pre");
      code.textContent = commands;
      lines.push(code);
    }
    $("saved").replaceChildren(...lines);
  }

  for (const button of document.querySelectorAll("[data-save]")) {
    button.addEventListener("click", async () => {
      const reply = await fetch(`${base}/${button.dataset.save}?${query()}`, { method: "POST" });
      if (reply.ok) {
        const { words, commands } = await reply.json();
        said(words, commands);
      } else said(await reply.text());
    });
  }
  $("report").addEventListener("click", () => location.assign(`${base}/report.html?${query()}`));
  $("link").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      said("The link to this question is on the clipboard; it is good while plan serve runs.");
    } catch {
      said(`The link to this question is the address of this page: ${location.href}`);
    }
  });

  $("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    settle();
  });
  dark.addEventListener("change", settle);

  marked();
  along.selectedIndex = Math.max(0, sliding.findIndex((input) => !same(input, valueOf(input))));
  settle();
  if ($("fault").textContent === "") listen(false);
  root.dataset.ready = "true";
})();
