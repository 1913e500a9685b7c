import { render } from "preact"
import { LocationProvider, Route, Router } from "preact-iso"
import { ArtifactPage } from "./ArtifactPage.tsx"
import { ComparePage } from "./ComparePage.tsx"
import { Frame } from "./Frame.tsx"
import { LivePage } from "./LivePage.tsx"
import { RunPage } from "./RunPage.tsx"
import { RunsPage } from "./RunsPage.tsx"
import { ToldContext, useTold } from "./runs-live.ts"
import { StorePage } from "./StorePage.tsx"

const Lost = () => (
  <section>
    <h1>There is no such page</h1>
    <p>
      <a href="/">All runs</a>
    </p>
  </section>
)

const App = () => (
  <ToldContext.Provider value={useTold()}>
    <LocationProvider>
      <Frame>
        <Router>
          <Route path="/" component={RunsPage} />
          <Route path="/runs/:run" component={RunPage} />
          <Route path="/artifact" component={ArtifactPage} />
          <Route path="/compare" component={ComparePage} />
          <Route path="/store" component={StorePage} />
          <Route path="/live/:run" component={LivePage} />
          <Route default component={Lost} />
        </Router>
      </Frame>
    </LocationProvider>
  </ToldContext.Provider>
)

const app = document.getElementById("app")
if (app !== null) {
  app.replaceChildren()
  render(<App />, app)
}
