import { Project } from "headrace"

// A project whose pipelines fill a store, to be verified: it is copied to where it is measured.

export default Project.plain()
