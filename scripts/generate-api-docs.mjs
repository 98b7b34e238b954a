import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { publish } from './docs/page.mjs'

const COMMAND = 'npm run build && node scripts/generate-api-docs.mjs'
const root = join(import.meta.dirname, '..')

const PAGES = ['core', 'backend-opencode', 'backend-tmux'].flatMap((folder) => {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'))
  return Object.entries(manifest.exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([path, { types }]) => ({
      specifier: manifest.name + path.slice(1),
      page: `${folder}${path.slice(1).replaceAll('/', '-')}.md`,
      file: join(root, 'packages', folder, types),
    }))
})

const SECTIONS = [
  ['Functions', 'TSDeclareFunction'],
  ['Classes', 'ClassDeclaration'],
  ['Constants', 'VariableDeclaration'],
  ['Types', 'TSInterfaceDeclaration', 'TSTypeAliasDeclaration'],
]

const parsed = new Map()

function moduleOf(file) {
  if (!parsed.has(file)) {
    const text = readFileSync(file, 'utf8')
    const { program, comments, errors } = parseSync(file, text)
    if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`)
    parsed.set(file, { file, text, body: program.body, comments })
  }
  return parsed.get(file)
}

/** Every name that a module exports, with the statement that declares it, wherever that stands. */
function exportsOf(file) {
  return moduleOf(file).body.flatMap((statement) => {
    if (statement.type !== 'ExportNamedDeclaration') return []
    if (statement.declaration !== null)
      return namesOf(statement.declaration).map((name) => found(file, name, statement))
    const from = statement.source === null ? file : resolved(file, statement.source.value)
    return statement.specifiers.map(({ local, exported }) => ({
      ...declarationOf(from, local.name),
      name: exported.name,
    }))
  })
}

function declarationOf(file, name) {
  const own = moduleOf(file).body.find((one) => namesOf(one.declaration ?? one).includes(name))
  if (own !== undefined) return found(file, name, own)
  const passedOn = exportsOf(file).find((one) => one.name === name) ?? importedOf(file, name)
  if (passedOn === undefined) throw new Error(`${file} declares no "${name}"`)
  return passedOn
}

function importedOf(file, name) {
  for (const { type, specifiers, source } of moduleOf(file).body) {
    const specifier = type === 'ImportDeclaration' ? specifiers.find(({ local }) => local.name === name) : undefined
    if (specifier !== undefined) return declarationOf(resolved(file, source.value), specifier.imported.name)
  }
}

function found(file, name, statement) {
  return { file, name, statement, type: (statement.declaration ?? statement).type }
}

function namesOf({ type, id, declarations }) {
  if (type === 'VariableDeclaration') return declarations.map((one) => one.id.name)
  return id?.name === undefined ? [] : [id.name]
}

function resolved(file, specifier) {
  if (specifier.startsWith('.')) return join(dirname(file), specifier.replace(/\.[jt]s$/, '.d.ts'))
  const page = PAGES.find((one) => one.specifier === specifier)
  if (page === undefined) throw new Error(`${file} passes on what "${specifier}" exports, which has no page`)
  return page.file
}

/** The comment right before a statement. @throws Error when there is none: what is public is documented. */
function commentOf({ file, name, statement }) {
  const { text, comments } = moduleOf(file)
  const comment = comments.findLast(({ end }) => end <= statement.start)
  if (!comment?.value.startsWith('*') || text.slice(comment.end, statement.start).trim() !== '')
    throw new Error(`${file}: "${name}" has no documentation`)
  return prose(comment.value.slice(1).replace(/^[ \t]*\* ?/gm, ''))
}

function prose(text) {
  const [meaning, ...tags] = text
    .replace(/\{@link ([^}]+)\}/g, '`$1`')
    .trim()
    .split(/(?:^|\s)@(?=throws|param|default|returns|typeParam)/)
  const told = tags.map((tag) => {
    const [, word, rest] = /^(\w+)\s+([\s\S]*)$/.exec(tag.trim())
    const named = word === 'param' ? rest.replace(/^(\S+)/, '`$1`:') : rest
    return `- ${{ throws: 'throws ', default: 'default: ', returns: 'returns ' }[word] ?? ''}${oneLine(named)}`
  })
  return [meaning.trim(), ...(told.length > 0 ? [told.join('\n')] : [])].filter(Boolean).join('\n\n')
}

function oneLine(text) {
  return text.trim().replace(/\s*\n\s*/g, ' ')
}

function entry(one) {
  const { text } = moduleOf(one.file)
  const source = text.slice(one.statement.start, one.statement.end).replace(/^export (?:declare )?|^declare /, '')
  return `### ${one.name}\n\n${commentOf(one)}\n\n\`\`\`ts\n${source.trim()}\n\`\`\`\n`
}

function section([title, ...types], all) {
  const own = all.filter(({ type }) => types.includes(type)).sort((a, b) => (a.name < b.name ? -1 : 1))
  return own.length === 0 ? [] : [`## ${title}\n`, ...own.map(entry)]
}

const isGenerated = ({ file }) => file.endsWith('.generated.d.ts')

/** Types that another program's own description gives are named only. */
function generated(all) {
  const names = all.map(({ name }) => `\`${name}\``).sort()
  return names.length === 0 ? [] : ['## Types of the server\n', `As OpenCode describes them: ${names.join(', ')}.\n`]
}

function page({ specifier, file }) {
  const exported = exportsOf(file)
  const all = exported.filter((one) => !isGenerated(one))
  const unknown = all.find(({ type }) => !SECTIONS.flat().includes(type))
  if (unknown !== undefined) throw new Error(`${unknown.file}: what is "${unknown.name}"?`)
  return [
    `# ${specifier}\n`,
    `What \`import … from '${specifier}'\` gives: every name, what it means and its type. This page is generated`,
    `(\`${COMMAND}\`) from the sources.\n`,
    ...SECTIONS.flatMap((one) => section(one, all)),
    ...generated(exported.filter(isGenerated)),
  ].join('\n')
}

const index = [
  '# The API of the packages\n',
  'Generated from the sources, and compared with them by `npm run check`. What the names mean together is in the',
  '[README](../../README.md#embed-it), the shape of every JSON document among the types of `@orch/core`.\n',
  ...PAGES.map(({ specifier, page: name }) => `- [\`${specifier}\`](${name})`),
  '',
].join('\n')

publish('docs/api/README.md', index, { source: 'packages', command: COMMAND })
for (const one of PAGES) publish(`docs/api/${one.page}`, page(one), { source: 'packages', command: COMMAND })
