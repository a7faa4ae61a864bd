/* Parses a calendar and expands a stretch of time with libical: calendar_libical FILE FROM UNTIL (Unix seconds).
 * Prints how many occurrences begin in it. */

#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>

struct window {
    time_t from, until;
    long occurrences;
};

static void occurrence(icalcomponent *event, struct icaltime_span *span, void *data)
{
    struct window *window = data;
    (void)event;
    if (span->start >= window->from && span->start < window->until)
        window->occurrences++;
}

static char *contents(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    long length = ftell(file);
    char *text = malloc((size_t)length + 1);
    rewind(file);
    if (!text || fread(text, 1, (size_t)length, file) != (size_t)length)
        return NULL;
    text[length] = '\0';
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    char *text = argc == 4 ? contents(argv[1]) : NULL;
    icalcomponent *calendar = text ? icalparser_parse_string(text) : NULL;
    if (!calendar) {
        fputs("usage: calendar_libical FILE FROM UNTIL\n", stderr);
        return 2;
    }
    free(text);
    struct window window = {atol(argv[2]), atol(argv[3]), 0};
    icaltimezone *utc = icaltimezone_get_utc_timezone();
    struct icaltimetype from = icaltime_from_timet_with_zone(window.from, 0, utc);
    struct icaltimetype until = icaltime_from_timet_with_zone(window.until, 0, utc);
    icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
    for (; event; event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT))
        icalcomponent_foreach_recurrence(event, from, until, occurrence, &window);
    printf("%ld\n", window.occurrences);
    icalcomponent_free(calendar);
    return 0;
}
