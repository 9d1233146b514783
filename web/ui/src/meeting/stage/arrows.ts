// A list is one stop of the Tab key, with the arrows inside it.
import type { Attachment } from "svelte/attachments";

/** Keeps exactly one of the matching elements in the Tab order and moves it with the arrows, Home and End. */
export function arrows(selector: string): Attachment<HTMLElement> {
  return (list) => {
    const rows = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>(selector)];
    const settle = (): void => {
      const all = rows();
      const kept = all.find((row) => row.tabIndex === 0 && row.isConnected) ?? all[0];
      for (const row of all) row.tabIndex = row === kept ? 0 : -1;
    };
    const enter = (event: FocusEvent): void => {
      const row = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>(selector) : null;
      if (row === null) return;
      for (const other of rows()) other.tabIndex = other === row ? 0 : -1;
    };
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const all = rows();
      const at = all.findIndex((row) => row === document.activeElement);
      if (at < 0) return;
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
      if (to === undefined) return;
      all[Math.min(Math.max(to, 0), all.length - 1)]?.focus();
      event.preventDefault();
    };
    settle();
    const watch = new MutationObserver(settle);
    watch.observe(list, { childList: true, subtree: true });
    list.addEventListener("focusin", enter);
    list.addEventListener("keydown", press);
    return () => {
      watch.disconnect();
      list.removeEventListener("focusin", enter);
      list.removeEventListener("keydown", press);
    };
  };
}
