// Asks for guesses (kind "predict") and shows them beside what came out (kind "score").

function ask(model, root, uid) {
  const chosen = { ...model.get("guesses") };
  const button = document.createElement("button");
  const notes = {};
  for (const { key, question, options } of model.get("questions")) {
    const set = make("fieldset", "", root);
    make("legend", "", set, question);
    notes[key] = make("div", "", set);
    options.forEach((text, k) => {
      const row = make("div", "nbx-option", set);
      const input = make("input", "", row);
      input.type = "radio";
      input.name = `${uid}-${key}`;
      input.id = `${uid}-${key}-${k}`;
      input.checked = chosen[key] === k;
      keepKeys(input);
      input.addEventListener("change", () => {
        chosen[key] = k;
        enable();
      });
      make("label", "", row, text).htmlFor = input.id;
    });
  }
  const enable = () => {
    const missing = model.get("questions").filter(({ key }) => chosen[key] === undefined).length;
    button.disabled = missing > 0;
    said.textContent = missing ? `${missing} still open.` : model.get("saved");
  };
  button.type = "button";
  button.textContent = "Keep my guesses";
  keepKeys(button);
  button.addEventListener("click", () => model.send({ commit: chosen }));
  root.append(button);
  const said = make("p", "nbx-status", root);
  said.setAttribute("role", "status");
  const saved = () => { said.textContent = model.get("saved"); };
  const changed = () => {
    for (const [key, note] of Object.entries(notes)) {
      note.textContent = model.get("changed")[key] ?? "";
      note.hidden = !note.textContent;
    }
  };
  model.on("change:saved change:guesses", saved);
  model.on("change:changed", changed);
  enable();
  changed();
  return () => {
    model.off("change:saved change:guesses", saved);
    model.off("change:changed", changed);
  };
}

function score(model, root) {
  const list = make("ul", "nbx-list", root);
  const total = make("p", "nbx-status", root);
  total.setAttribute("role", "status");
  const show = () => {
    const guesses = model.get("guesses");
    const questions = model.get("questions");
    list.replaceChildren();
    for (const { key, question, options, right, because } of questions) {
      const item = make("li", "", list);
      make("strong", "", item, question);
      const guess = options[guesses[key]];
      if (guess !== undefined) make("div", "", item, `${guesses[key] === right ? "Right." : "Not so."} You said: ${guess}`);
      if (model.get("changed")[key]) make("div", "", item, model.get("changed")[key]);
      if (guesses[key] !== right) make("div", "", item, `What came out: ${options[right]}`);
      make("div", "", item, because);
    }
    const open = questions.filter(({ key }) => guesses[key] === undefined).length;
    const good = questions.filter(({ key, right }) => guesses[key] === right).length;
    const none = "No guesses were kept; this is what came out.";
    const score = open === questions.length ? none : `${good} of ${questions.length} right${open ? `, ${open} not guessed` : ""}.`;
    total.textContent = model.get("saved") || score;
  };
  model.on("change:guesses change:changed change:saved", show);
  show();
  return () => model.off("change:guesses change:changed change:saved", show);
}

function render({ model, el }) {
  const uid = `nbq-${++count}-${Math.random().toString(36).slice(2, 8)}`;
  const root = make("section", "nbx", el);
  const title = make("div", "nbx-title", root, model.get("title"));
  title.id = uid + "-title";
  root.setAttribute("aria-labelledby", title.id);
  const paint = () => root.classList.toggle("nbx-dark", isDark());
  const themes = new MutationObserver(paint);
  themes.observe(document.body, { attributes: true });
  paint();
  const done = model.get("kind") === "score" ? score(model, root) : ask(model, root, uid);
  return () => {
    themes.disconnect();
    if (done) done();
  };
}

export default { render };
