import { Project } from "headrace"

/** What only this project knows: services of its stages, kinds of artifacts, how reports draw them. As yet it needs none. */
export default Project.plain()
