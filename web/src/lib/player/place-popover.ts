/** Puts a popover next to the button that opens it, inside the window. For `{@attach placePopover}`. */
export function placePopover(popover: HTMLElement): () => void {
  const place = () => {
    const button = document.querySelector(`[popovertarget="${popover.id}"]`);
    if (!button || !popover.matches(':popover-open')) return;
    const anchor = button.getBoundingClientRect();
    const { width, height } = popover.getBoundingClientRect();
    const below = anchor.bottom + height + 8 <= innerHeight;
    const top = below ? anchor.bottom + 4 : Math.max(8, anchor.top - height - 4);
    const start = anchor.left + width + 8 <= innerWidth ? anchor.left : anchor.right - width;
    Object.assign(popover.style, {
      position: 'fixed',
      inset: 'auto',
      top: `${top}px`,
      left: `${Math.max(8, Math.min(innerWidth - width - 8, start))}px`,
    });
  };
  popover.addEventListener('toggle', place);
  addEventListener('resize', place);
  return () => {
    popover.removeEventListener('toggle', place);
    removeEventListener('resize', place);
  };
}
