// Warnings about settings. `tunicorn --check-config` prints them, too.

export const SETTINGS_MESSAGES = {
  unknownChoice: {
    level: 'warning',
    text: 'Unknown value for {setting} {origin}: {value} (known: {known}); using {used}',
    cause: 'The setting has a value that Gunicorn would ignore, too.',
    remedy: 'Use one of the known values.',
  },
  noEffectYet: {
    level: 'warning',
    text: "Setting '{setting}' {origin} has no effect yet: Tunicorn has no {capability}",
    cause: 'The setting belongs to a capability of Gunicorn that Tunicorn does not have yet.',
    remedy: 'Remove the setting. `docs/migrating.md` says what to use instead.',
  },
  noEffect: {
    level: 'warning',
    text: "Setting '{setting}' {origin} has no effect. {reason}",
    cause: 'The setting tunes something that works differently in Tunicorn.',
    remedy: 'Remove the setting.',
  },
  misspeltSetting: {
    level: 'warning',
    text: "'{name}' {origin} is not a setting; did you mean '{setting}'?",
    cause: 'The config file defines a name that is one letter away from the name of a setting.',
    remedy: 'Correct the name. If it is meant as a variable of your own, begin it with an underscore.',
  },
  responseClassReplaced: {
    level: 'warning',
    text: 'Replacing gunicorn.http.wsgi.Response has no effect: {reason}. Use the settings server_header, date_header and response_headers, or a middleware of the application',
    cause:
      'The config file replaces or patches a class of Gunicorn. The gateway writes response heads, so the class is not used.',
    remedy: 'Use the settings `server_header`, `date_header` and `response_headers`, or a middleware.',
  },
} as const;
