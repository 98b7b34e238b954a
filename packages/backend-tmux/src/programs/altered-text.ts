/** What Claude Code makes of a text that is pasted into it; `null`: it takes it as it is. Measured on 2.1.332. */
export function alteredByClaude(text: string): string | null {
  if (text.includes('\t')) return 'makes spaces of a tab'
  return (/\P{ASCII}/u.test(text) ? alteredBeyondAscii(text) : null) ?? alteredByBoth(text)
}

function alteredBeyondAscii(text: string): string | null {
  if (text.normalize('NFC') !== text) return 'puts letters and their accents together (Unicode NFC)'
  if (/[\u2028\u2029]/.test(text)) return 'makes a line feed of a line separator (U+2028, U+2029)'
  return hasInvisible(text) ? 'leaves out invisible characters' : null
}

/** Whether there is one that belongs to nothing. Both are made for the texts that need them: that takes a millisecond. */
function hasInvisible(text: string): boolean {
  /** Characters that nothing is drawn for, and marks that turn the direction of writing. */
  const invisible = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\ufff9-\ufffb]/u
  /** Where they belong to what is written: in an emoji, a flag or a keycap, and between letters that they join or part. */
  const spelled =
    /\p{Emoji}[\ufe0e\ufe0f]?\u20e3?[\u{e0020}-\u{e007f}]*(\u200d\p{Emoji}[\ufe0e\ufe0f]?)*|(?<=[^\P{L}a-zA-Z]\p{M}*)[\u200c\u200d](?=[^\P{L}a-zA-Z])/gu
  return invisible.test(text.replace(spelled, ''))
}

/** The longest text that Codex takes, in characters. */
const MOST_CHARACTERS = 1_048_576

/** What Codex makes of it. Measured on 0.169.0. */
export function alteredByCodex(text: string): string | null {
  if (text.length > MOST_CHARACTERS && [...text].length > MOST_CHARACTERS)
    return `takes no more than ${MOST_CHARACTERS} characters`
  return alteredByBoth(text)
}

function alteredByBoth(text: string): string | null {
  if (/[\u0080-\u009f]/.test(text)) return 'leaves out control characters (U+0080 to U+009F)'
  return text.trim() === '' ? 'takes no text of nothing but white space' : null
}
