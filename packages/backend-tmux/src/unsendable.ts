/** Why a text cannot be typed into a terminal unaltered, or `null` when it can: control characters act there. */
export function unsendable(text: string): string | null {
  if (text === '') return 'The text is empty'
  if (hasLoneSurrogate(text)) return 'The text holds half a surrogate pair'
  for (const character of text) {
    const code = character.charCodeAt(0)
    const acts = code === 127 || (code < 32 && character !== '\n' && character !== '\t')
    if (acts) {
      const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
      return `The text holds the control character ${name}, which a terminal acts upon`
    }
  }
  return null
}

/** Whether a text holds half a surrogate pair, which no UTF-8 can say. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text)
}
