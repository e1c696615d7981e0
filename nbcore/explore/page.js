// What every widget of this package needs of a page; picture.js and predict.js are appended to it.

let count = 0;

function make(tag, className, parent, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

// JupyterLab would otherwise take arrow keys and letters for shortcuts of its own.
function keepKeys(node) {
  node.setAttribute("data-lm-suppress-shortcuts", "true");
}

function isDark() {
  const { jpThemeLight } = document.body.dataset;
  if (jpThemeLight !== undefined) return jpThemeLight === "false";
  const kind = document.body.dataset.vscodeThemeKind;
  if (kind !== undefined) return kind.includes("dark") || kind === "vscode-high-contrast";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}
