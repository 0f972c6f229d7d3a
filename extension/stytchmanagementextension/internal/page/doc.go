// Package page is the page of the management extension: Stream settings, Activity and
// Changes.
//
// Every page is rendered here from html/template and works without scripts: a form is
// posted, answered by a redirect, and what came of it is shown once by the page that
// follows. What a user typed but has not saved is kept in the session, on the server,
// so that no secret is ever sent to a browser. page.js adds what a form cannot: figures
// that stay fresh, dialogs, and events as they pass.
//
// The page changes nothing itself. It calls Control, which the extension implements.
package page
