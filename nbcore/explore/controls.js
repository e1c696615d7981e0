// What a widget with controls needs: named native inputs, and what the page looks like.

function backgroundOf(node) {
  for (; node; node = node.parentElement) {
    const rgb = getComputedStyle(node).backgroundColor.match(/^rgb\((\d+), (\d+), (\d+)\)$/);
    if (rgb) return "#" + rgb.slice(1).map((v) => Number(v).toString(16).padStart(2, "0")).join("");
  }
  return "";
}

function makeControl(spec, id, parent, changed) {
  const box = make("div", "nbx-control nbx-" + spec.kind, parent);
  const label = make("label", "nbx-label", box, spec.label);
  label.htmlFor = id;
  let input, show, offer;
  if (spec.kind === "choice") {
    input = make("select", "", box);
    let values;
    offer = (given, texts) => {
      values = [...given];
      input.replaceChildren(...texts.map((text) => make("option", "", null, text)));
    };
    offer(spec.values, spec.texts);
    show = (value) => {
      if (!values.includes(value)) { // set from code, between what the menu offers
        values.push(value);
        make("option", "", input, String(value));
      }
      input.selectedIndex = values.indexOf(value);
    };
    input.addEventListener("change", () => changed(values[input.selectedIndex]));
  } else if (spec.kind === "toggle") {
    input = make("input", "", null);
    input.type = "checkbox";
    box.prepend(input);
    show = (value) => { input.checked = value; };
    input.addEventListener("change", () => changed(input.checked));
  } else if (spec.kind === "box") {
    input = make("input", "", box);
    input.type = "number";
    input.min = spec.values[0];
    input.max = spec.values[spec.values.length - 1];
    input.step = spec.step;
    show = (value) => { if (Number(input.value) !== value || input.value === "") input.value = value; };
    input.addEventListener("input", () => { if (input.value !== "") changed(Number(input.value)); });
  } else {
    const readout = make("output", "nbx-value", box);
    readout.htmlFor = id;
    input = make("input", "", box);
    input.type = "range";
    input.min = 0;
    input.max = spec.values.length - 1;
    input.step = 1;
    const say = (text) => {
      readout.textContent = text;
      input.setAttribute("aria-valuetext", text);
    };
    show = (value) => {
      let near = 0;
      spec.values.forEach((v, k) => {
        if (Math.abs(v - value) < Math.abs(spec.values[near] - value)) near = k;
      });
      input.value = near;
      say(spec.values[near] === value ? spec.texts[near] : String(Number(value.toPrecision(4))).replace("-", "\u2212"));
    };
    input.addEventListener("input", () => {
      say(spec.texts[input.value]);
      changed(spec.values[input.value]);
    });
  }
  input.id = id;
  keepKeys(input);
  return { input, label, show, box, offer };
}

// Calls tell({ width, ratio, dark, background }) now and whenever one of them changes; gives the way to stop it.
function watchPage(root, tell) {
  let told = "";
  const tellPage = () => {
    if (!root.clientWidth) return; // not laid out yet, or in a hidden tab
    const width = Math.max(Math.floor(root.clientWidth), 320); // narrower pages get a smaller one of these
    const page = { width, ratio: window.devicePixelRatio, dark: isDark(), background: backgroundOf(root) };
    root.classList.toggle("nbx-dark", page.dark);
    if (JSON.stringify(page) === told) return;
    told = JSON.stringify(page);
    tell(page);
  };
  let settling;
  const pageChanged = () => {
    clearTimeout(settling);
    settling = setTimeout(tellPage, told ? 120 : 0);
  };
  const widths = new ResizeObserver(pageChanged);
  widths.observe(root);
  const themes = new MutationObserver(pageChanged);
  themes.observe(document.body, { attributes: true });
  // JupyterLab swaps a style sheet for a theme, after it has set the attribute.
  const sheets = new MutationObserver(pageChanged);
  sheets.observe(document.head, { childList: true });
  window.addEventListener("resize", pageChanged); // also fires when the pixel ratio changes
  return () => {
    widths.disconnect();
    themes.disconnect();
    sheets.disconnect();
    window.removeEventListener("resize", pageChanged);
    clearTimeout(settling);
  };
}
