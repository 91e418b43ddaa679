import { navigate, route, VIEWS } from './route.ts';
import { goLive, goTo, step, togglePlay } from './time.ts';
import { helpOpen } from './help.ts';

const LEAP = 10;

/** Keys that hold everywhere but where text is typed. */
export function startKeys(): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    const isTyping =
      target instanceof HTMLElement && target.closest('input:not([type=checkbox]), select, textarea, dialog') !== null;
    const isButton = target instanceof HTMLElement && target.closest('button, summary') !== null;
    if (isTyping || (isButton && event.key === ' ')) return;
    const act = actOf(event);
    if (act === null) return;
    event.preventDefault();
    act();
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}

function actOf({ key, shiftKey }: KeyboardEvent): (() => void) | null {
  const by = shiftKey ? LEAP : 1;
  switch (key) {
    case 'ArrowLeft':
      return () => step(-by);
    case 'ArrowRight':
      return () => step(by);
    case 'Home':
      return () => void goTo(0);
    case 'End':
      return goLive;
    case ' ':
      return togglePlay;
    case '/':
      return () => document.getElementById('search')?.focus();
    case '?':
      return () => void (helpOpen.value = true);
    case 'Escape':
      return route.value.event === null ? null : () => navigate({ event: null });
    default: {
      const view = VIEWS[Number(key) - 1];
      return view === undefined ? null : () => navigate({ view });
    }
  }
}
