// The samples of CAKE-3 in three dimensions: drawn back to front on a plain canvas, turned by itself, by pointer or by arrow keys.
"use strict";
(() => {
  const root = document.documentElement, theme = document.getElementById("theme");
  const dark = () => getComputedStyle(root).colorScheme === "dark";
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; dispatchEvent(new Event("themechange")); });

  const source = document.getElementById("samples");
  if (!source) return;
  const data = JSON.parse(source.textContent), canvas = document.querySelector("#view canvas"), said = document.querySelector("#view output");
  const pen = canvas.getContext("2d"), count = data.z.length / 3, hidden = new Set();
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let yaw = 0.6, pitch = 0.35, turning = !still, visible = true, wanted = "", drag = null, moved = false, hover = -1, spots = [];

  // the cloud's middle goes to the origin, its 98th percentile of distance to 1
  const middle = [0, 1, 2].map(axis => { let sum = 0; for (let i = 0; i < count; i++) sum += data.z[3 * i + axis]; return sum / count; });
  const far = Array.from({ length: count }, (_, i) => Math.hypot(...[0, 1, 2].map(axis => data.z[3 * i + axis] - middle[axis]))).sort((a, b) => a - b);
  const reach = far[Math.floor(0.98 * (count - 1))] || 1;

  function turned(x, y, z) {
    const c = Math.cos(yaw), s = Math.sin(yaw), cp = Math.cos(pitch), sp = Math.sin(pitch);
    const a = c * x + s * z, depth = c * z - s * x;
    return [a, cp * y - sp * depth, sp * y + cp * depth];
  }

  function fit() {
    const scale = devicePixelRatio || 1, box = canvas.getBoundingClientRect();
    canvas.width = Math.round(box.width * scale); canvas.height = Math.round(box.height * scale);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    return box;
  }

  function draw() {
    const box = canvas.getBoundingClientRect(), unit = 0.45 * Math.min(box.width, box.height), style = getComputedStyle(root);
    const ground = style.getPropertyValue("--plate"), ink = style.getPropertyValue("--ink"), soft = style.getPropertyValue("--soft");
    const place = ([x, y, z]) => { const near = 4 / (4 - z); return [box.width / 2 + unit * near * x, box.height / 2 - unit * near * y, near]; };
    pen.clearRect(0, 0, box.width, box.height);
    pen.lineWidth = 1; pen.strokeStyle = soft; pen.fillStyle = soft; pen.font = "12px system-ui, sans-serif";
    for (let axis = 0; axis < 3; axis++) {
      const end = [0, 0, 0]; end[axis] = 1.25;
      const [x0, y0] = place(turned(...end.map(v => -v))), [x1, y1] = place(turned(...end));
      pen.beginPath(); pen.moveTo(x0, y0); pen.lineTo(x1, y1); pen.stroke();
      const most = box.width - pen.measureText(data.axes[axis]).width - 4;  // a name stays within the picture
      pen.fillText(data.axes[axis], Math.max(4, Math.min(x1 + 4, most)), Math.max(12, Math.min(y1 - 4, box.height - 4)));
    }
    spots = [];
    for (let i = 0; i < count; i++) {
      if (hidden.has(data.emotion[i]) || (wanted !== "" && data.set[i] !== +wanted)) continue;
      const at = turned(...[0, 1, 2].map(axis => (data.z[3 * i + axis] - middle[axis]) / reach));
      if (at[2] < 3.5) spots.push([...place(at), at[2], i]);
    }
    spots.sort((a, b) => a[3] - b[3]);
    const size = count > 2000 ? 2.4 : 4;
    for (const [x, y, near, depth, i] of spots) {
      pen.globalAlpha = Math.max(0.35, Math.min(1, 0.75 + 0.3 * depth)); pen.fillStyle = data.colours[data.emotion[i]];
      pen.beginPath(); pen.arc(x, y, size * near, 0, 7); pen.fill();
      pen.globalAlpha = 0.5; pen.lineWidth = 0.5; pen.strokeStyle = ground; pen.stroke();
    }
    pen.globalAlpha = 1;
    const chosen = spots.find(spot => spot[4] === hover);
    if (chosen) { pen.lineWidth = 2; pen.strokeStyle = ink; pen.beginPath(); pen.arc(chosen[0], chosen[1], size * chosen[2] + 3, 0, 7); pen.stroke(); }
    canvas.dataset.yaw = yaw.toFixed(3); canvas.dataset.shown = spots.length;
  }

  function tell(event) {
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = 81; hover = -1;
    for (const spot of spots) { const d = (spot[0] - x) ** 2 + (spot[1] - y) ** 2; if (d <= best) { best = d; hover = spot[4]; } }
    said.textContent = "";
    if (hover >= 0) {
      const z = [0, 1, 2].map(axis => data.z[3 * hover + axis].toFixed(2)).join(", ");
      for (const line of [data.sets[data.set[hover]] + ": " + data.path[hover], "annotated " + data.emotions[data.emotion[hover]],
                          "predicted " + data.emotions[data.predicted[hover]], data.axes.join(", ") + " = (" + z + ")"]) {
        said.append(line, document.createElement("br"));
      }
      said.style.left = Math.min(x + 14, box.width - said.offsetWidth - 4) + "px"; said.style.top = Math.max(0, Math.min(y + 14, box.height - said.offsetHeight - 4)) + "px";
    }
    draw();
  }

  const turn = document.getElementById("turn");
  const stop = on => { turning = on; turn.textContent = on ? "Pause" : "Turn"; turn.setAttribute("aria-pressed", on); };
  turn.addEventListener("click", () => stop(!turning));
  canvas.addEventListener("pointerdown", event => { drag = [event.clientX, event.clientY]; moved = false; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", event => {
    if (!drag) return tell(event);
    moved = true; stop(false);
    yaw += (event.clientX - drag[0]) * 0.01; pitch = Math.max(-1.5, Math.min(1.5, pitch + (event.clientY - drag[1]) * 0.01));
    drag = [event.clientX, event.clientY]; draw();
  });
  canvas.addEventListener("pointerup", event => { drag = null; if (!moved) { stop(false); tell(event); } });
  canvas.addEventListener("pointercancel", () => { drag = null; });
  canvas.addEventListener("pointerleave", () => { hover = -1; said.textContent = ""; draw(); });
  canvas.addEventListener("keydown", event => {
    const step = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
    if (!step) return;
    event.preventDefault(); stop(false);
    yaw += step[0]; pitch = Math.max(-1.5, Math.min(1.5, pitch + step[1])); draw();
  });
  document.querySelectorAll("#view input").forEach(box => box.addEventListener("change", () => {
    box.checked ? hidden.delete(+box.value) : hidden.add(+box.value); draw();
  }));
  const choice = document.querySelector("#view select");
  if (choice) choice.addEventListener("change", () => { wanted = choice.value; draw(); });

  new ResizeObserver(() => { fit(); draw(); }).observe(canvas);
  addEventListener("themechange", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", () => { fit(); draw(); });
  // where several changes come at once, the last one counts
  new IntersectionObserver(entries => { visible = entries.at(-1).isIntersecting; }).observe(canvas);
  stop(turning); fit(); draw();
  let last = 0;
  (function frame(now) {
    if (turning && visible && !drag && now - last > 30) { yaw += 0.0004 * Math.min(100, now - last); last = now; draw(); }
    if (!turning || !visible) last = now;
    requestAnimationFrame(frame);
  })(0);
})();
