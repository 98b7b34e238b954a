import type { ScreenChoice, ScreenChoices } from '../programs/program.ts'

/** The mark before the row of a list that is pointed at, and the one before what holds already. */
const POINTER = '(❯|›|>)'
const HELD = '(✔ )?'

/** Rows that must be seen before anything is chosen: the title and every choice, as regular expressions for tmux too. */
export function rowsOf({ title, choices }: ScreenChoices): string[] {
  return [quoted(title), ...choices.map((choice) => rowOf(choice, `(${POINTER} +)?`))]
}

/** The row of a choice of a list while it is pointed at. */
export function pointedRow(choice: ScreenChoice): string {
  return rowOf(choice, `${POINTER} +`)
}

/** Whether a screen writes its choices as they are known. */
export function isWrittenSo(choices: ScreenChoices, screen: string): boolean {
  const rows = screen.split('\n')
  return rowsOf(choices).every((row) => rows.some((one) => new RegExp(row).test(one.trimEnd())))
}

/** In which rows the pointer and a choice stand, from 0; below 0 when that is not shown. */
export function placesOf(choice: ScreenChoice, screen: string): { readonly pointer: number; readonly choice: number } {
  const rows = screen.split('\n').map((row) => row.trimEnd())
  const find = (row: string): number => rows.findIndex((one) => new RegExp(row).test(one))
  return { pointer: find(`^ *${POINTER} +`), choice: find(rowOf(choice, `(${POINTER} +)?`)) }
}

function rowOf({ label, key }: ScreenChoice, before: string): string {
  return key === undefined ? `^ *${before}${HELD}${quoted(label)}$` : quoted(label)
}

/** A text in a regular expression: what has a meaning there, or in a format of tmux, stands for any character. */
export function quoted(text: string): string {
  return text.replace(/[^A-Za-z0-9 ]/gu, '.')
}
