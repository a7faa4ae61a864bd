//! Objects of `--json`.

/// An object of these fields, in this order. A type of its own for each object would name every field twice.
macro_rules! object {
    ($($(#[$attribute:meta])* $name:ident: $value:expr),* $(,)?) => {{
        #[allow(non_camel_case_types, reason = "each field has a type, which is called as the field is")]
        let object = {
            #[derive(serde::Serialize)]
            struct Object<$($name),*> {
                $($(#[$attribute])* $name: $name),*
            }
            Object { $($name: $value),* }
        };
        object
    }};
}

pub(in crate::cli) use object;
