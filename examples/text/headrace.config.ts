import { Project, View } from "headrace"
import { History } from "./artifacts/History.ts"

/** Reports draw a training's history as curves. */
export default Project.plain({ views: [View.curves(History)] })
