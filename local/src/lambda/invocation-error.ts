/** What a handler or a runtime reports when it fails, as Lambda hands it to the caller. */
export interface InvocationError {
  errorType: string
  errorMessage: string
  trace?: string[]
}
