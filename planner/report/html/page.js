"use strict";
(() => {
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const toggle = document.getElementById("theme");
  // Widths of a plot on paper, the whole and half of it, and what of its height is left there.
  const PRINT_PX = 700;
  const HALF_PX = 345;
  const PRINT_SHARE = 0.62;
  // What a plot wears: the page's own colours, and paper's while it is printed.
  const PAPER = { ink: "#000000", line: "#bbbbbb", shade: "#ffffff" };

  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);

  function colours() {
    const style = getComputedStyle(root);
    const of = (name) => style.getPropertyValue(name).trim();
    return { ink: of("--ink"), line: of("--line"), shade: of("--shade") };
  }

  function themed(layout, wear) {
    const changes = {
      "font.color": wear.ink,
      "font.size": wear === PAPER ? 9 : 12,
      "hoverlabel.bgcolor": wear.shade,
      "hoverlabel.bordercolor": wear.ink,
      "hoverlabel.font.color": wear.ink,
    };
    for (const axis of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))) {
      changes[axis + ".gridcolor"] = wear.line;
      changes[axis + ".zerolinecolor"] = wear.line;
      changes[axis + ".dividercolor"] = wear.line;
      changes[axis + ".linecolor"] = wear.line;
    }
    return changes;
  }

  const config = { responsive: true, displayModeBar: false };
  const places = Object.keys(figures).map((name) => document.getElementById("plot-" + name));
  const layoutOf = (place) => figures[place.id.slice("plot-".length)].layout;
  // A plot that nobody sees has no width: it is drawn when it is shown.
  const seen = (place) => place.offsetParent !== null;

  function draw() {
    for (const place of places.filter((place) => seen(place) && !place.data)) {
      const { data, layout } = figures[place.id.slice("plot-".length)];
      place.style.height = layout.height + "px";
      // Plotly writes into the layout that it is given, and paper's sizes are no screen's.
      Plotly.newPlot(place, data, { ...layout }, config);
    }
  }

  function sizeOf(place, paper) {
    const layout = layoutOf(place);
    const height = paper ? Math.round((Number(place.dataset.paper) || PRINT_SHARE) * layout.height) : layout.height;
    place.style.height = height + "px";
    if (!paper) return { width: null, height, autosize: true };
    return { width: place.closest(".half") ? HALF_PX : PRINT_PX, height, autosize: false };
  }

  function dress(wear, paper) {
    for (const place of places.filter(seen)) {
      Plotly.relayout(place, { ...themed(layoutOf(place), wear), ...sizeOf(place, paper) });
    }
  }

  function settle() {
    toggle.textContent = isDark() ? "Light" : "Dark";
    toggle.setAttribute("aria-pressed", String(isDark()));
    draw();
    showFuture();
    dress(colours());
  }

  const future = document.getElementById("future");

  function showFuture() {
    if (!future) return;
    for (const place of places.filter((place) => place.data)) {
      const traces = place.data.map((trace, index) => index).filter((index) => place.data[index].meta);
      const visible = traces.map((index) => place.data[index].meta.future === future.value);
      if (traces.length) Plotly.restyle(place, { visible }, traces);
    }
  }

  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    settle();
  });
  dark.addEventListener("change", settle);

  if (future) future.addEventListener("change", settle);

  let printing = false;

  // A plot in a part that is folded has no width: it is drawn when the part is opened.
  for (const part of document.querySelectorAll("details.part")) part.addEventListener("toggle", () => part.open && !printing && settle());

  function unfold() {
    const part = document.getElementById(location.hash.slice(1));
    if (part && part.matches("details.part")) {
      part.open = true;
      part.scrollIntoView();
    }
  }
  window.addEventListener("hashchange", unfold);

  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => {
      for (const other of button.parentElement.querySelectorAll("[data-view]")) {
        other.setAttribute("aria-pressed", String(other === button));
        document.getElementById("view-" + other.dataset.view).hidden = other !== button;
      }
      settle();
    });
  }

  // Paper has every part, and of what is folded in it what the reader opened.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    printing = true;
    folded = [...document.querySelectorAll("details.part:not([open])")];
    for (const details of folded) details.open = true;
    draw();
    showFuture();
    dress(PAPER, true);
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    for (const details of folded) details.open = false;
    settle();
  });

  settle();
  unfold();
  root.dataset.ready = "true";
})();
