// Whether single letters are commands (WCAG 2.1.4 lets a person switch that off). Kept on this machine.
const KEY = "nhipcau.single-keys";

export const singleKeys = $state({ enabled: recall() });

export function rememberSingleKeys(enabled: boolean): void {
  singleKeys.enabled = enabled;
  try {
    localStorage.setItem(KEY, enabled ? "on" : "off");
  } catch {
    // Storage switched off by policy: the choice then lasts as long as the page.
  }
}

function recall(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}
