/** The lines of a text that are finished: whoever writes it may be in the middle of the next one. */
export function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1)
}
