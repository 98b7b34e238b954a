/**
 * Whether a program was given this text: it may have broken the lines anew, and added words of its own around it. What counts
 * is what is no space.
 */
export function holdsText(told: unknown, text: string): boolean {
  return typeof told === 'string' && withoutSpace(told).includes(withoutSpace(text))
}

function withoutSpace(text: string): string {
  return text.replace(/\s+/g, '')
}
