/**
 * Whether a program was given this text: it may have broken the lines anew, and added words of its own around it. What counts
 * is what is no space.
 */
export function holdsText(told: unknown, text: string): boolean {
  return typeof told === 'string' && withoutSpace(told).includes(withoutSpace(text))
}

/**
 * Whether a program was given this text, of which it may also have changed what is neither a letter nor a digit: a message
 * that it would change is refused, a task is not.
 */
export function holdsWords(told: unknown, text: string): boolean {
  return typeof told === 'string' && wordsOf(told).includes(wordsOf(text))
}

function wordsOf(text: string): string {
  return text.normalize('NFC').replace(/[^\p{L}\p{N}]+/gu, '')
}

function withoutSpace(text: string): string {
  return text.replace(/\s+/g, '')
}
