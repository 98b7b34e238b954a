/** Imports a module by its URL. A file of its own: whoever bundles core need not let the rest of it import anything. */
export function importModule(url: string): Promise<unknown> {
  return import(url)
}
