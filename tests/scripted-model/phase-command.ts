/**
 * The report command in an agent's context, as a human or a model would use it.
 *
 * The rule, for whoever prints that context: the command stands on a line of its own (indented, in a code block or not)
 * and contains, separated by spaces, ` phase PHASE`, ` --note NOTE` and ` --id `, with the bare words `PHASE` and `NOTE`:
 *
 *     '/usr/bin/node' '/x/orch.js' phase PHASE --note NOTE --id fix-login-7k3q --project '/project'
 *
 * `PHASE` and `NOTE` may also stand in quotes or angle brackets (`"<PHASE>"`). Everything else is kept as it is. The order
 * of the options is free. The first such line of a text counts.
 */
const placeholder = (word: string): string => `(?:"<?${word}>?"|'<?${word}>?'|<${word}>|${word})`
const phaseWord = new RegExp(`(?<= phase )${placeholder('PHASE')}(?= |$)`)
const noteOption = new RegExp(` --note ${placeholder('NOTE')}(?= |$)`)

/**
 * The literal command line in `text`, with the placeholders replaced by shell-quoted values; without a note the whole
 * `--note` option is dropped. `undefined` when the text holds no such line.
 */
export function phaseCommand(text: string, phase: string, note?: string): string | undefined {
  const line = text
    .split('\n')
    .map((candidate) => candidate.trim())
    .find((candidate) => phaseWord.test(candidate) && noteOption.test(candidate) && / --id \S/.test(candidate))
  return line
    ?.replace(phaseWord, () => shellQuoted(phase))
    .replace(noteOption, () => (note === undefined ? '' : ` --note ${shellQuoted(note)}`))
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
