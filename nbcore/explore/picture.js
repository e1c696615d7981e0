// Shows an explorer: native controls with names, a picture with alt text, a line in words.
// ipywidgets keeps one change in flight and only the newest after it, so nothing queues up behind the hand.

const REST = 160; // ms without a new picture, after which the hand counts as resting

function render({ model, el }) {
  const uid = `nbx-${++count}-${Math.random().toString(36).slice(2, 8)}`;
  const root = make("div", "nbx", el);
  root.setAttribute("role", "group"); // a lesson may show one explorer twice, and landmarks must differ
  root.setAttribute("aria-labelledby", uid + "-title");
  const head = make("div", "nbx-head", root);
  make("div", "nbx-title", head, model.get("title")).id = uid + "-title";
  const reset = make("button", "nbx-reset", head, "Reset");
  reset.type = "button";
  reset.setAttribute("aria-label", "Reset: " + model.get("title"));
  keepKeys(reset);

  const grid = make("div", "nbx-controls", root);
  const controls = {};
  const move = (changes) => {
    model.set("params", { ...model.get("params"), ...changes });
    model.save_changes();
  };
  let boxes; // numbers to type stand close together, below all else
  for (const spec of model.get("controls")) {
    const place = spec.kind === "box" ? (boxes ??= make("div", "nbx-controls nbx-boxes", root)) : grid;
    controls[spec.name] = makeControl(spec, `${uid}-${spec.name}`, place, (value) => move({ [spec.name]: value }));
  }
  const showParams = () => {
    for (const [name, value] of Object.entries(model.get("params"))) {
      // A slider under the hand is ahead of the kernel: leave it where the hand is.
      if (!controls[name].input.matches(":active")) controls[name].show(value);
    }
  };
  reset.addEventListener("click", () => {
    move(model.get("start"));
    showParams();
  });

  const picture = make("img", "nbx-picture", root);
  if (model.get("pickable")) {
    picture.classList.add("nbx-pickable");
    picture.addEventListener("click", ({ clientX, clientY }) => {
      const { left, top, width, height } = picture.getBoundingClientRect();
      model.send({ click: [(clientX - left) / width, (clientY - top) / height] });
    });
  }
  const below = make("div", "nbx-below", root);
  const status = make("p", "nbx-status", below);
  const run = make("div", "nbx-run", below);
  run.hidden = true;
  const bar = make("progress", "", run);
  bar.setAttribute("aria-label", "How far it is: " + model.get("title"));
  const left = make("span", "nbx-left", run);
  const stop = make("button", "", run, "Stop");
  stop.type = "button";
  stop.setAttribute("aria-label", "Stop: " + model.get("title"));
  keepKeys(stop);
  stop.addEventListener("click", () => model.send({ stop: true }));
  const error = make("p", "nbx-error", root);
  error.setAttribute("role", "alert");
  const spoken = make("p", "nbx-spoken", root); // read out once the hand rests, not at every picture
  spoken.setAttribute("aria-live", "polite");

  let url, resting;
  const showFrame = () => {
    const frame = model.get("frame");
    if (!frame || !frame.byteLength) return;
    const old = url;
    url = URL.createObjectURL(new Blob([frame], { type: model.get("mime") }));
    picture.src = url;
    picture.style.aspectRatio = `${model.get("page").width} / ${model.get("height")}`;
    picture.decode().catch(() => {}).then(() => old && URL.revokeObjectURL(old));
    clearTimeout(resting);
    resting = setTimeout(() => {
      spoken.textContent = model.get("status");
      if (model.get("mime") === "image/jpeg") model.send({ rest: true });
    }, REST);
  };
  const showWords = () => {
    picture.alt = model.get("alt");
    status.textContent = model.get("status");
    const message = model.get("error");
    error.textContent = message ? "This setting did not work. " + message : "";
    error.hidden = !message;
    // What is still shown belongs to other settings: say so to the eye as well.
    root.classList.toggle("nbx-stale", Boolean(message));
  };

  const showRun = () => {
    const { done, total, left: seconds } = model.get("progress");
    run.hidden = total === undefined;
    if (run.hidden) return;
    bar.max = total;
    bar.value = done;
    left.textContent = seconds < 1 ? "almost done" : `about ${Math.ceil(seconds)} s left`;
  };
  const showIdle = () => {
    const idle = model.get("idle"), absent = model.get("absent");
    for (const [name, { input, box }] of Object.entries(controls)) {
      box.hidden = absent.includes(name);
      box.classList.toggle("nbx-idle", idle.includes(name));
      box.title = idle.includes(name) ? "No effect with these settings" : "";
      if (idle.includes(name)) input.setAttribute("aria-description", "no effect with these settings");
      else input.removeAttribute("aria-description");
    }
  };

  const forget = watchPage(root, (page) => {
    model.set("page", page);
    model.save_changes();
  });

  model.on("change:frame", showFrame);
  model.on("change:params", showParams);
  model.on("change:alt change:status change:error", showWords);
  model.on("change:progress", showRun);
  model.on("change:idle change:absent", showIdle);
  showParams();
  showWords();
  showFrame();
  showRun();
  showIdle();
  return () => {
    forget();
    clearTimeout(resting);
    model.off("change:frame", showFrame);
    model.off("change:params", showParams);
    model.off("change:alt change:status change:error", showWords);
    model.off("change:progress", showRun);
    model.off("change:idle change:absent", showIdle);
    if (url) URL.revokeObjectURL(url);
  };
}

export default { render };
