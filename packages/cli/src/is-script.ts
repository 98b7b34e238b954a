import { existsSync, realpathSync } from 'node:fs'

/** Whether the module of `meta` is the script this process was started with. */
export function isScript(meta: ImportMeta): boolean {
  const script = process.argv[1]
  if (meta.filename === undefined || script === undefined || !existsSync(script)) return false
  return meta.filename === realpathSync(script)
}
