"use strict";
// Zooming is a change of every lane's viewBox; labels are placed again. Without this script the page shows the
// whole run and every table.
(() => {
  const lanes = document.getElementById("lanes");
  const readout = document.getElementById("readout");
  const source = document.getElementById("data");
  if (!lanes || !readout || !source) return;
  const data = JSON.parse(source.textContent);
  const drawings = lanes.querySelectorAll(".plot > svg");
  const axis = document.getElementById("axis");
  const resetButton = document.getElementById("reset");
  const shortest = 5;
  let from = 0;
  let to = data.duration;
  let cursor = null;
  let dragFrom = null;

  const inView = (t) => ((t - from) / (to - from)) * 100;
  const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, " ");
  const bounded = (t) => Math.min(Math.max(t, 0), data.duration);

  const placeLabels = () => {
    for (const label of lanes.querySelectorAll(".at")) {
      const x = inView(Number(label.dataset.t));
      const lasts = label.dataset.until !== undefined && Number(label.dataset.until) > from;
      label.style.left = `${lasts ? Math.max(x, 0) : x}%`;
      label.hidden = (x < -0.01 && !lasts) || x > 99.9;
    }
  };

  const drawAxis = () => {
    const length = to - from;
    const rough = length / 8;
    const magnitude = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * magnitude).find((s) => length / s <= 8);
    const digits = Math.max(0, 3 - Math.floor(Math.log10(step) + 1e-9));
    axis.replaceChildren();
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
      const label = document.createElement("span");
      label.className = "at tick";
      label.dataset.t = t;
      label.textContent = `${(t / 1000).toFixed(digits)} s`;
      axis.append(label);
    }
  };

  const show = (start, end) => {
    const length = Math.min(Math.max(end - start, shortest), data.duration);
    from = Math.min(Math.max(start, 0), data.duration - length);
    to = from + length;
    for (const drawing of drawings) {
      const box = drawing.viewBox.baseVal;
      drawing.setAttribute("viewBox", `${from} 0 ${length} ${box.height}`);
    }
    drawAxis();
    placeLabels();
    resetButton.disabled = length >= data.duration;
    placeCursor();
  };

  const placeCursor = () => {
    const x = cursor === null ? -1 : inView(cursor);
    lanes.style.setProperty("--cursor", `${x}%`);
    lanes.classList.toggle("pointed", x >= 0 && x <= 100);
  };

  const reloadWords = (t) => {
    const reload = data.reloads.filter((r) => r.t <= t).pop();
    if (!reload) return t < data.control ? "control run" : "before the first reload";
    const since = t - reload.t;
    const phase = reload.phases.filter((p) => p[1] <= since).pop();
    return `reload ${reload.number} + ${since < 1000 ? `${since.toFixed(0)} ms` : `${(since / 1000).toFixed(2)} s`}` +
      (phase ? `, after: ${phase[0]}` : "");
  };

  const workerWords = (t) => data.generations.flatMap(([pid, start, ready, stopped, exit]) => {
    if ((start ?? 0) > t || (exit ?? Infinity) < t) return [];
    const state = (stopped ?? Infinity) <= t ? "drains" : (ready ?? (start === null ? 0 : Infinity)) <= t ? "serves" : "starts";
    return [`${pid} ${state}`];
  }).join(", ");

  const read = (t) => {
    const i = Math.min(Math.floor(t / data.bucket), data.started.length - 1);
    const parts = [`${(t / 1000).toFixed(3)} s`, reloadWords(t)];
    parts.push(data.p50[i] === null
      ? "nothing answered"
      : `p50 ${data.p50[i]} · p99 ${data.p99[i]} · max ${data.max[i]} ms (${count(data.answered[i])} answers in ${data.bucket} ms)`);
    parts.push(`${count(Math.round(data.started[i] / (data.bucket / 1000)))} /s`);
    const hurt = Object.entries(data.victims).filter(([, at]) => at[i]).map(([name, at]) => `${name} ${count(at[i])}`);
    parts.push(hurt.length ? `hurt: ${hurt.join(", ")}` : "none hurt");
    parts.push(`workers: ${workerWords(t) || "none"}`);
    readout.textContent = parts.join("  |  ");
  };

  const point = (t) => {
    cursor = bounded(t);
    placeCursor();
    read(cursor);
  };

  const timeAt = (event) => {
    const box = drawings[0].getBoundingClientRect();
    return from + (Math.min(Math.max(event.clientX - box.left, 0), box.width) / box.width) * (to - from);
  };

  const zoom = (factor) => {
    const middle = cursor !== null && cursor >= from && cursor <= to ? cursor : (from + to) / 2;
    const share = (middle - from) / (to - from);
    const length = Math.min((to - from) * factor, data.duration);
    show(middle - share * length, middle + (1 - share) * length);
  };

  lanes.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    dragFrom = timeAt(event);
    lanes.setPointerCapture(event.pointerId);
  });
  lanes.addEventListener("pointermove", (event) => {
    const t = timeAt(event);
    point(t);
    if (dragFrom === null) return;
    const [left, right] = [Math.min(t, dragFrom), Math.max(t, dragFrom)].map(inView);
    lanes.style.setProperty("--from", `${left}%`);
    lanes.style.setProperty("--to", `${100 - right}%`);
    lanes.classList.add("selecting");
  });
  const drop = (event) => {
    if (dragFrom === null) return;
    const t = timeAt(event);
    lanes.classList.remove("selecting");
    const pixels = Math.abs(inView(t) - inView(dragFrom)) * drawings[0].clientWidth / 100;
    if (event.type === "pointerup" && pixels > 4) show(Math.min(t, dragFrom), Math.max(t, dragFrom));
    dragFrom = null;
  };
  lanes.addEventListener("pointerup", drop);
  lanes.addEventListener("pointercancel", drop);
  lanes.addEventListener("dblclick", () => show(0, data.duration));

  lanes.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const length = to - from;
    const step = Math.max(length / 200, 1);
    const reload = data.reloads.find((r) => String(r.number) === event.key);
    const actions = {
      ArrowLeft: () => (event.shiftKey ? show(from - length / 4, to - length / 4) : point((cursor ?? from) - step)),
      ArrowRight: () => (event.shiftKey ? show(from + length / 4, to + length / 4) : point((cursor ?? from) + step)),
      "+": () => zoom(0.5),
      "=": () => zoom(0.5),
      "-": () => zoom(2),
      0: () => show(0, data.duration),
      Escape: () => show(0, data.duration),
    };
    const action = actions[event.key] ?? (reload && (() => { show(...reload.view); point(reload.t); }));
    if (!action) return;
    event.preventDefault();
    action();
    if (cursor !== null && (cursor < from || cursor > to) && !event.shiftKey && event.key.startsWith("Arrow")) {
      show(cursor - length / 2, cursor + length / 2);
    }
  });

  resetButton.addEventListener("click", () => show(0, data.duration));
  document.getElementById("in").addEventListener("click", () => zoom(0.5));
  document.getElementById("out").addEventListener("click", () => zoom(2));
  for (const button of document.querySelectorAll("button[data-from]")) {
    button.addEventListener("click", () => show(Number(button.dataset.from), Number(button.dataset.to)));
  }
  show(0, data.duration);
  document.documentElement.classList.add("ready");
})();
