// Shows the playground: a bar of buttons, groups of controls of which one is open, and a picture that is alive.
// Moves are sent one at a time, and the newest value of each control after that. The page says how many pictures may
// come, so that the kernel never runs far ahead; not after each, since JupyterLab redraws its toolbar at every message.

const REST = 160; // ms without a new picture, after which it is asked for once more, lossless
const UNSEEN = 250; // ms after which a picture counts as shown, even if the page is in the background
const QUICK = 45; // ms within which a picture is shown where the page keeps up
const UNHEARD = 2000; // ms after which a move counts as lost

function button(parent, text, name, pressed, className) {
  const node = make("button", className ?? "", parent, text);
  node.type = "button";
  if (name) node.setAttribute("aria-label", name);
  keepKeys(node);
  node.addEventListener("click", pressed);
  return node;
}

// A data URL stays in this process of the browser: with pictures this frequent, half the work of a blob's URL.
function urlOf(bytes, mime) {
  const all = new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, bytes.byteLength);
  let text = all.toBase64?.();
  if (text === undefined) {
    text = "";
    for (let k = 0; k < all.length; k += 0x8000) text += String.fromCharCode(...all.subarray(k, k + 0x8000));
    text = btoa(text);
  }
  return `data:${mime};base64,${text}`;
}

async function copyFrom(field) {
  field.focus();
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand("copy"); // pages that are not served over https
  }
}

// `views` are those of one playground in this page: JupyterLab can show an output more than once. The kernel draws for
// the widest of them, the others show it smaller; and it keeps up to date what any of them has open.
function render({ model, el }, views) {
  const uid = `nbx-${++count}-${Math.random().toString(36).slice(2, 8)}`;
  const title = model.get("title");
  const root = make("div", "nbx nbx-play", el);
  root.setAttribute("role", "group");
  root.setAttribute("aria-labelledby", uid + "-title");
  root.tabIndex = -1; // a click on the picture brings the focus here, and the space bar plays
  keepKeys(root);

  let pending = null, sent = 0, waiting = 0;
  const flush = (now) => {
    if (!pending || (waiting && !now)) return;
    clearTimeout(waiting);
    model.send({ move: pending, n: `${uid}:${++sent}` });
    pending = null;
    waiting = setTimeout(() => { waiting = 0; flush(); }, UNHEARD);
  };
  const heard = () => {
    if (model.get("heard") !== `${uid}:${sent}`) return;
    clearTimeout(waiting);
    waiting = 0;
    flush();
  };
  const move = (name, value) => {
    pending = { ...pending, [name]: value };
    flush();
  };
  const tell = (message) => {
    flush(true); // what the hand moved before it pressed counts
    model.send(message);
  };
  const act = (name) => tell({ act: name });

  const mine = { page: null, open: "" };
  views.all.add(mine);
  const tellPage = () => {
    let widest = null;
    for (const { page } of views.all) if (page && !(widest?.width >= page.width)) widest = page;
    if (!widest || JSON.stringify(widest) === views.told) return;
    views.told = JSON.stringify(widest);
    model.send({ page: widest });
  };
  const tellOpen = () => tell({ open: [...new Set([...views.all].map((view) => view.open))].filter(Boolean) });

  // ---- the bar
  const bar = make("div", "nbx-bar", root);
  make("div", "nbx-title", bar, title).id = uid + "-title";
  // What the button said counts: the run may have stopped by itself in the meantime.
  const playOrPause = () => act(model.get("playing") ? "pause" : "play");
  const play = button(bar, "", "", playOrPause, "nbx-go");
  const buttons = {};
  for (const [name, text, full] of model.get("buttons")) {
    buttons[name] = button(bar, text, full, () => act(name));
    buttons[name].title = full;
  }
  const specs = Object.fromEntries(model.get("controls").map((spec) => [spec.name, spec]));
  const controls = {};
  const place = (name, parent) => {
    controls[name] = makeControl(specs[name], `${uid}-${name}`, parent, (value) => move(specs[name].sets ?? name, value));
  };
  place("speed", bar);

  const basics = make("div", "nbx-controls nbx-basics", root);
  model.get("basics").forEach((name) => place(name, basics));

  // ---- groups, of which one is open at a time
  const strip = make("div", "nbx-strip", root);
  const panels = {}, tabs = {};
  let open = "";
  const openPanel = (name) => {
    open = mine.open = name;
    for (const [key, panel] of Object.entries(panels)) {
      panel.hidden = key !== open;
      tabs[key].setAttribute("aria-expanded", String(key === open));
    }
    tellOpen();
  };
  for (const { key, title: text, sections } of model.get("groups")) {
    tabs[key] = button(strip, text, "", () => openPanel(open === key ? "" : key), "nbx-tab");
    tabs[key].setAttribute("aria-controls", `${uid}-panel-${key}`);
    tabs[key].setAttribute("aria-expanded", "false");
    const panel = (panels[key] = make("div", "nbx-panel", root));
    panel.id = `${uid}-panel-${key}`;
    panel.classList.add(`nbx-${key}`);
    panel.setAttribute("role", "group");
    panel.setAttribute("aria-label", text);
    panel.hidden = true;
    for (const { legend, names, dense, pairs, note } of sections) {
      const set = make("fieldset", "", panel);
      make("legend", legend ? "" : "nbx-spoken", set, legend || text);
      const grid = make("div", dense ? "nbx-dense" : "nbx-controls", set);
      if (pairs) grid.classList.add("nbx-pairs");
      let pair;
      names.forEach((name, k) => {
        if (pairs && k % 2 === 0) pair = make("div", "nbx-pair", grid);
        place(name, pairs ? pair : grid);
      });
      if (note) make("p", "nbx-note", set, note);
    }
  }
  const row = (parent, className = "nbx-row") => make("div", className, parent);
  const field = (parent, text, tag, id) => {
    const label = make("label", "nbx-label", parent, text);
    const input = make(tag, "nbx-text", parent);
    input.id = label.htmlFor = `${uid}-${id}`;
    input.spellcheck = false;
    keepKeys(input);
    return input;
  };

  const file = field(row(panels.data), "Your own data, as a CSV with the target in its last column:", "input", "file");
  file.type = "file";
  file.accept = ".csv,.tsv,.txt,text/csv";
  file.addEventListener("click", () => { file.value = ""; }); // the same file may have changed since
  const kind = field(row(panels.data), "Its targets are", "select", "kind");
  for (const [value, text] of [["", "what they look like"], ["classes", "classes"], ["regression", "numbers to fit"]])
    make("option", "", kind, text).value = value;
  // As bytes: what isn't UTF-8 must be refused there, not replaced here. One byte more than is allowed tells too much.
  const sendFile = async () => {
    if (!file.files.length) return;
    const bytes = await file.files[0].slice(0, 5000001).arrayBuffer();
    flush(true);
    model.send({ csv: kind.value }, undefined, [new DataView(bytes)]);
  };
  file.addEventListener("change", sendFile);
  kind.addEventListener("change", sendFile);

  const compareText = make("p", "nbx-note", panels.compare);
  const compareRow = row(panels.compare);
  const compare = {};
  for (const [name, text] of model.get("comparing")) compare[name] = button(compareRow, text, "", () => act(name));

  const missionRow = row(panels.missions.querySelector(".nbx-dense"));
  const goal = make("p", "nbx-goal", panels.missions);
  const progress = make("p", "nbx-won", panels.missions);
  const hint = make("p", "nbx-note", panels.missions);
  button(missionRow, "Go to its start", "", () => act("mission start"));
  const hintButton = button(missionRow, "Hint", "", () => { hint.hidden = !hint.hidden; showMission(); });
  button(missionRow, "Show a solution", "", () => act("solution"));
  hint.hidden = true;

  const beside = row(panels.sweep, "nbx-beside");
  const sweepLeft = make("div", "", beside);
  sweepLeft.append(panels.sweep.querySelector("fieldset"));
  const sweepRow = row(sweepLeft);
  let busy = false;
  const sweep = button(sweepRow, "", "", () => act(busy ? "stop" : "sweep"), "nbx-go");
  const map = make("img", "nbx-map", beside);
  map.hidden = true;
  map.addEventListener("click", ({ clientX, clientY }) => {
    const { left, top, width, height } = map.getBoundingClientRect();
    tell({ cell: [(clientX - left) / width, (clientY - top) / height] });
  });
  const cellRow = row(sweepLeft);
  cellRow.hidden = true;
  place("cell", cellRow);
  button(cellRow, "Take these settings", "", () => act("take cell"));
  const mapNote = make("p", "nbx-note", sweepLeft);

  const split = make("div", "nbx-beside nbx-share", panels.share);
  const [state, codePart] = [0, 1].map(() => make("div", "", split));
  // A field with its button in line: the panel stands above the picture, and each line counts.
  const shareText = field(state, "All of this state, as one text:", "input", "text");
  shareText.readOnly = true;
  const shareRow = row(state, "nbx-with");
  const copied = make("span", "nbx-note", null);
  copied.setAttribute("role", "status");
  const copy = (from) => async () => {
    copied.textContent = (await copyFrom(from)) ? "Copied." : "Selected: copy it with Ctrl+C.";
    setTimeout(() => { copied.textContent = ""; }, 3000);
  };
  shareRow.append(shareText);
  button(shareRow, "Copy", "Copy the text", copy(shareText));
  const paste = field(state, "A text from somewhere else:", "input", "paste");
  paste.placeholder = "spirals | 8 tanh, 8 tanh | adam eta=0.03";
  const rebuild = () => tell({ load: paste.value });
  paste.addEventListener("keydown", ({ key }) => { if (key === "Enter") rebuild(); });
  const pasteRow = row(state, "nbx-with");
  pasteRow.append(paste);
  button(pasteRow, "Rebuild", "Rebuild that state", rebuild);
  state.append(copied);
  const codeRow = row(codePart, "nbx-with");
  const code = field(codeRow, "The same weights by code, to the last digit:", "textarea", "code");
  code.readOnly = true;
  button(codeRow, "Copy", "Copy the code", copy(code));
  codePart.append(code);

  // ---- what came out, and what happened
  const readout = make("div", "nbx-readout", root);
  const words = make("p", "nbx-said", root);
  const run = make("div", "nbx-run", root);
  const runBar = make("progress", "", run);
  runBar.setAttribute("aria-label", "How far it is");
  const runText = make("span", "nbx-left", run);
  button(run, "Stop", "", () => act("stop"));
  const stopped = make("div", "nbx-error nbx-stopped", root);
  stopped.setAttribute("role", "alert");
  const stoppedText = make("p", "", stopped);
  const stoppedRow = row(stopped);
  button(stoppedRow, "Back to the last good state", "", () => act("last good"));
  const lower = button(stoppedRow, "", "", () => act("last good, lower eta"));
  const error = make("p", "nbx-error", root);
  error.setAttribute("role", "alert");
  const screen = make("div", "nbx-screen", root);
  const picture = make("img", "nbx-picture nbx-pickable", screen);
  const moving = make("canvas", "nbx-moving", screen); // lies over the picture while that is alive
  moving.setAttribute("aria-hidden", "true");
  moving.hidden = true;
  const film = moving.getContext("bitmaprenderer");
  const status = make("p", "nbx-spoken nbx-status", root);
  const spoken = make("p", "nbx-spoken", root); // events at once, numbers once nothing moves
  spoken.setAttribute("aria-live", "polite");

  picture.addEventListener("click", ({ clientX, clientY }) => {
    const { left, top, width, height } = picture.getBoundingClientRect();
    tell({ click: [(clientX - left) / width, (clientY - top) / height], view: uid });
    root.focus({ preventScroll: true });
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target.matches("button, input, select, textarea")) return;
    event.preventDefault();
    event.stopPropagation();
    playOrPause();
  });

  // ---- what the kernel says
  const listeners = [];
  const on = (names, show) => {
    const event = names.split(" ").map((name) => "change:" + name).join(" ");
    model.on(event, show);
    listeners.push([event, show]);
    show();
  };
  // What has the focus may vanish: then the focus goes to `next`, not to JupyterLab, for which letters are commands.
  const keeping = (next, show) => () => {
    const had = root.contains(document.activeElement) ? document.activeElement : null;
    show();
    if (had && (had.disabled || !had.getClientRects().length)) next(had).focus({ preventScroll: true });
  };
  // An element's new source costs the page twice what a decoded bitmap does: its layout, and a second decoding.
  let newest = 0;
  const showMoving = async (bytes, mime, n) => {
    const bitmap = await createImageBitmap(new Blob([bytes], { type: mime }));
    if (n < newest) return bitmap.close();
    newest = n;
    film.transferFromImageBitmap(bitmap);
    moving.hidden = false;
    await new Promise(requestAnimationFrame);
  };
  const showStill = async (bytes, mime, n) => {
    newest = n;
    picture.src = urlOf(bytes, mime);
    await picture.decode().catch(() => {});
    if (n === newest) moving.hidden = true;
  };
  let resting, granted = 0;
  on("count", () => {
    const frame = model.get("frame"), n = model.get("count");
    if (!frame || !frame.byteLength) return;
    const mime = model.get("mime"), playing = model.get("playing");
    picture.style.aspectRatio = `${model.get("width")} / ${model.get("height")}`;
    const shown = playing && picture.src ? showMoving(frame, mime, n) : showStill(frame, mime, n);
    const come = performance.now();
    Promise.race([shown, new Promise((done) => setTimeout(done, UNSEEN))]).then(() => {
      // How many more may come: few where showing takes its time, so that nothing queues up.
      if (playing && n < granted - 1) return;
      granted = n + (performance.now() - come < QUICK ? 4 : 2);
      model.send({ until: granted });
    });
    clearTimeout(resting);
    if (mime === "image/jpeg") resting = setTimeout(() => model.send({ rest: true }), REST);
  });
  on("alt", () => { picture.alt = model.get("alt"); });
  on("status", () => { status.textContent = model.get("status"); });
  on("readout", () => {
    const told = model.get("readout");
    if (readout.childElementCount !== told.length)
      readout.replaceChildren(...told.map(() => {
        const pair = make("div");
        make("span", "nbx-name", pair);
        make("strong", "", pair);
        return pair;
      }));
    told.forEach(([name, text], k) => {
      const [label, value] = readout.children[k].children;
      if (label.textContent !== name) label.textContent = name;
      if (value.textContent !== text) value.textContent = text;
    });
  });
  on("playing", () => {
    const playing = model.get("playing");
    play.textContent = playing ? "Pause" : "Play";
    play.classList.toggle("nbx-playing", playing);
    play.setAttribute("aria-label", (playing ? "Pause: " : "Play: ") + title);
    play.title = playing ? "Stop here (space bar)" : "Train (space bar)";
  });
  on("said", () => {
    words.textContent = model.get("said");
    spoken.textContent = `${model.get("said")} ${model.get("status")}`;
  });
  const offered = {};
  const showParams = () => {
    const values = model.get("params");
    for (const [name, { input, show, offer }] of Object.entries(controls)) {
      const menu = model.get("menus")[name];
      if (menu && JSON.stringify(menu) !== offered[name]) {
        offered[name] = JSON.stringify(menu);
        offer(menu.values, menu.texts);
      }
      const value = values[specs[name].sets ?? name];
      // What is under the hand is ahead of the kernel: leave it where the hand is.
      const held = input.matches(":active") || (specs[name].kind === "box" && input === document.activeElement);
      if (value !== undefined && !held && !(pending && name in pending)) show(value);
    }
  };
  on("params menus", showParams);
  on("labels", () => {
    for (const [name, text] of Object.entries(model.get("labels"))) controls[name].label.textContent = text;
  });
  on("live", () => {
    for (const [name, { input, show }] of Object.entries(controls)) {
      const value = model.get("live")[specs[name].sets ?? name];
      if (value !== undefined && !input.matches(":active") && input !== document.activeElement) show(value);
    }
  });
  on("idle absent", () => {
    const idle = model.get("idle"), absent = model.get("absent");
    for (const [name, { input, box }] of Object.entries(controls)) {
      box.hidden = absent.includes(name);
      box.classList.toggle("nbx-idle", idle.includes(name));
      box.title = idle.includes(name) ? "No effect with these settings" : "";
      if (idle.includes(name)) input.setAttribute("aria-description", "no effect with these settings");
      else input.removeAttribute("aria-description");
    }
  });
  const comparing = () => Object.values(compare).find((node) => !node.hidden);
  on("disabled", keeping((had) => (Object.values(compare).includes(had) ? comparing() : root), () => {
    const disabled = model.get("disabled");
    buttons.undo.disabled = disabled.includes("undo");
    for (const [name, node] of Object.entries(compare)) node.hidden = disabled.includes(name);
    busy = disabled.includes("sweep");
    sweep.textContent = busy ? "Stop" : "Run the sweep";
  }));
  on("undo", () => {
    const what = model.get("undo");
    buttons.undo.title = what ? `Take back: ${what}` : "Nothing to take back";
    buttons.undo.setAttribute("aria-label", what ? `Undo: ${what}` : "Undo");
  });
  on("progress", keeping(() => (open === "sweep" ? sweep : play), () => {
    const { text, done, total, left } = model.get("progress");
    run.hidden = total === undefined;
    if (run.hidden) return;
    runBar.max = total;
    runBar.value = done;
    runText.textContent = `${text}: ${left < 1 ? "almost done" : `about ${Math.ceil(left)} s left`}`;
  }));
  on("diverged", keeping(() => play, () => {
    const { text, rates } = model.get("diverged");
    stopped.hidden = !text;
    stoppedText.textContent = text ?? "";
    lower.hidden = !rates;
    lower.textContent = `Back, and go on with ${rates}`;
  }));
  on("error", () => {
    error.textContent = model.get("error");
    error.hidden = !model.get("error");
  });
  on("comparison", () => { compareText.textContent = model.get("comparison"); });
  const showMission = () => {
    const { text, progress: how, won, hint: help } = model.get("mission");
    goal.textContent = text ?? "";
    progress.textContent = how ? (won ? "✓ " : "") + how : "";
    progress.classList.toggle("nbx-done", Boolean(won));
    missionRow.hidden = !text;
    if (hint.textContent !== (help ?? "")) hint.hidden = true; // another mission
    hint.textContent = help ?? "";
    hintButton.setAttribute("aria-expanded", String(!hint.hidden));
  };
  on("mission", showMission);
  on("sweep_frame", () => {
    const frame = model.get("sweep_frame");
    map.hidden = cellRow.hidden = !frame || !frame.byteLength;
    beside.classList.toggle("nbx-mapped", !map.hidden);
    if (map.hidden) return;
    map.style.width = `${model.get("sweep_width")}px`;
    map.src = urlOf(frame, "image/png");
  });
  on("sweep_note", () => { mapNote.textContent = model.get("sweep_note"); });
  on("sweep_alt", () => { map.alt = model.get("sweep_alt"); });
  on("text", () => { shareText.value = model.get("text"); });
  const showCode = () => {
    code.value = model.get("code");
    code.rows = Math.min(Math.max(code.value.split("\n").length, 6), root.classList.contains("nbx-narrow") ? 8 : 12);
  };
  on("code", showCode);
  on("heard", heard);
  const opened = ({ open: name, view }) => {
    if (name !== undefined && name !== open && (view ?? uid) === uid) openPanel(name);
  };
  model.on("msg:custom", opened);
  const forget = watchPage(root, (page) => {
    root.classList.toggle("nbx-narrow", page.width < 820);
    showCode(); // as many lines as there is room for
    mine.page = page;
    tellPage();
  });
  tellOpen(); // none yet: the kernel may remember those of a page that is gone

  return () => {
    forget();
    views.all.delete(mine);
    if (views.all.size) {
      tellPage();
      tellOpen();
    }
    clearTimeout(resting);
    clearTimeout(waiting);
    model.off("msg:custom", opened);
    for (const [event, show] of listeners) model.off(event, show);
  };
}

export default () => {
  const views = { all: new Set(), told: "" };
  return { render: (context) => render(context, views) };
};
