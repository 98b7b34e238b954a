import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../..')

function row(cells) {
  return `| ${cells.join(' | ')} |`
}

/** A table of Markdown. */
export function table(head, rows) {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

/** Words as code, one beside the other. */
export function code(words) {
  return words.map((word) => `\`${word}\``).join(', ')
}

/** Writes a generated page; with `--check` it is only compared, and a difference is an error. */
export function publish(path, text, { source, command }) {
  const page = join(root, path)
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(page), { recursive: true })
    writeFileSync(page, text)
  } else if (readFileSync(page, 'utf8') !== text) {
    console.error(`${path} is not what the ${source} say: run ${command}`)
    process.exitCode = 1
  }
}
