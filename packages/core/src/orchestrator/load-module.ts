/**
 * Imports a module that a configuration names, by its URL or as a package. It runs in this process, so only what the user
 * has configured may come here.
 */
export async function loadModule(url: string): Promise<unknown> {
  return (await import('./import-module.ts')).importModule(url)
}
