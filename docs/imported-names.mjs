// A plugin of typedoc: a module is called by what is written to import it, as `paths` of tsconfig.json has it, and one that exports a single
// name is told by the comment of that.
import { readFileSync } from "node:fs"
import { Converter, ReflectionKind } from "typedoc"

const { paths } = JSON.parse(readFileSync(new URL("../tsconfig.json", import.meta.url), "utf8")).compilerOptions

/** Each name with its file, without the ending; `*` stands for the rest in both. */
const known = Object.entries(paths).map(([name, [file]]) => [name, file.replace(/^\.\/|\.ts$/g, "")])

const importedAs = (module) => {
  for (const [name, file] of known) {
    const [before, after] = file.split("*")
    if (after === undefined ? module === file : module.startsWith(before))
      return name.replace("*", module.slice(before.length))
  }
  return module
}

export const load = ({ converter }) => {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
      module.name = importedAs(module.name)
      const [only, ...others] = module.children ?? []
      if (others.length === 0) module.comment ??= (only?.comment ?? only?.signatures?.[0]?.comment)?.clone()
    }
  })
}
