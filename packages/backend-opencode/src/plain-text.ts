// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g

/** The text without anything a terminal would obey; new lines and tabs stay. */
export function plainText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(SEQUENCES, '').replace(CONTROLS, '')
}
