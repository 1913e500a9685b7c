import { Project } from "headrace"

// A project of nodes that compute next to nothing: what many of them take is the engine's own. It is copied to where it is measured.

export default Project.plain()
