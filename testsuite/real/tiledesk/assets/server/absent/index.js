// Stands for the channels that Tiledesk would connect by itself. Some of their packages are not published in the versions that it
// asks for, and it goes on without them.
throw Object.assign(new Error('this channel is not installed'), { code: 'MODULE_NOT_FOUND' });
