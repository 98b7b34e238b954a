import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * What a module of a configuration is imported by: a path starts from the configuration's directory, a package is looked for
 * there first and then, by `import`, beside whoever imports it.
 */
export function moduleUrl(module: string, from: string): string {
  if (module.startsWith('.') || isAbsolute(module)) return pathToFileURL(resolve(from, module)).href
  try {
    return pathToFileURL(createRequire(join(from, 'config.json')).resolve(module)).href
  } catch {
    return module
  }
}
