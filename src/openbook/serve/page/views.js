// The views: which one is shown stands in the address, so that the browser's back and reload keep it.

const VIEWS = ["ask", "search", "documents"];

let onShown = () => {};

/** Say what is to happen when a view is shown. */
export function whenShown(callback) {
  onShown = callback;
}

/** Show the view that the address names. */
export function showView() {
  const named = location.hash.slice(1);
  const view = VIEWS.includes(named) ? named : "ask";
  for (const name of VIEWS) document.getElementById(`view-${name}`).hidden = name !== view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  onShown(view);
}

/** Show a view at once. */
export function goTo(view) {
  if (location.hash === `#${view}`) return;
  history.pushState(null, "", `#${view}`);
  showView();
}

window.addEventListener("hashchange", showView);
