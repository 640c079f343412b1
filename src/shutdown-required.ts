// What require('warmpool/shutdown') gets: the module itself waits while it loads, which require() cannot do.
if (process.env.AWS_LAMBDA_RUNTIME_API)
  console.warn(
    "warmpool: require('warmpool/shutdown') does nothing: it has to be imported by an ES module, as Lambda takes no extension later",
  )

export {}
