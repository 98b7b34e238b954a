/** Texts that some layer between a caller and a program is known to have interpreted. */
export const HOSTILE_TEXTS: Readonly<Record<string, string>> = {
  'a key name': 'C-c',
  'another key name': 'Enter',
  'a trailing semicolon': 'echo one; echo two;',
  'a leading dash': '-t is not an option',
  quotes: `"double" 'single' \`back\` "unclosed`,
  backslashes: 'C:\\new\\table \\; \\',
  'a terminal multiplexer format': '#(touch hostile) #{pid} #[fg=red] ##',
  'a shell expansion': '$(touch hostile) $HOME !! %s ~',
  'a slash command': '/help me',
  'new lines': 'first\n\nthird\n  indented',
  'a tab': 'left\tright',
  'four-byte characters': '\u{1F984} \u{1D518}\u{1D52B} \u6F22\u5B57 \u00E9 e\u0301 \u{1F469}\u200D\u{1F467}',
  'a paste terminator': 'before\u001b[201~\nafter',
  'a control character': 'before\u0003after',
}

/** A million bytes in lines, whose end is recognisable. */
export function megabyte(): string {
  const line = `${'0123456789 abcdefghij '.repeat(4)}\n`
  return `${line.repeat(12_000)}the end`
}
