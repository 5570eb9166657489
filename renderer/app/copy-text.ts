/** Puts text on the clipboard. Where the page has no permission for the modern way, the old one needs none. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'hidden-text';
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}
